package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// rereadable are files that may be read more than once: those named, with a copy of standard input in place of -. Remove must be called.
func rereadable(ctx context.Context, named ...string) (files []string, remove func(), err error) {
	at := slices.Index(named, "-")
	if at < 0 {
		return named, func() {}, nil
	}
	if slices.Contains(named[at+1:], "-") {
		return nil, nil, fmt.Errorf("%wstandard input, -, can be one of the files only", errUsage)
	}
	folder, err := os.MkdirTemp("", "ferry-")
	if err == nil {
		files = slices.Clone(named)
		files[at] = filepath.Join(folder, "standard-input")
		err = copyInput(ctx, files[at])
	}
	remove = func() { os.RemoveAll(folder) }
	if err != nil {
		remove()
		return nil, nil, fmt.Errorf("keeping standard input: %w", err)
	}
	return files, remove, nil
}

// copyInput copies standard input into a file, unless ctx ends before it does.
func copyInput(ctx context.Context, file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	copied := make(chan error, 1)
	go func() {
		_, err := io.Copy(f, os.Stdin)
		copied <- errors.Join(err, f.Close())
	}()
	select {
	case err := <-copied:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
