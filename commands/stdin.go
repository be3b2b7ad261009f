package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// rereadable is a file that may be read more than once: path, or if that is -, a copy of standard input. Remove must be called.
func rereadable(ctx context.Context, path string) (file string, remove func(), err error) {
	if path != "-" {
		return path, func() {}, nil
	}
	f, err := os.CreateTemp("", "standard-input-*")
	if err != nil {
		return "", nil, fmt.Errorf("keeping standard input: %w", err)
	}
	copied := make(chan error, 1)
	go func() {
		_, err := io.Copy(f, os.Stdin)
		copied <- errors.Join(err, f.Close())
	}()
	select {
	case err = <-copied:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		os.Remove(f.Name())
		return "", nil, fmt.Errorf("keeping standard input: %w", err)
	}
	return f.Name(), func() { os.Remove(f.Name()) }, nil
}
