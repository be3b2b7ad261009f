package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// ErrLocked says that a process holds a file.
var ErrLocked = errors.New("is locked")

// Lock makes a folder and keeps other downloads out of it until unlock is called or the process ends, however
// it ends. The file names the process that holds it. While another one does, waiting, unless nil, is often told which.
func Lock(ctx context.Context, folder string, waiting func(owner string)) (unlock func(), err error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	for {
		err := LockFile(f)
		if err == nil {
			break
		}
		if !errors.Is(err, ErrLocked) {
			f.Close()
			return nil, fmt.Errorf("locking %s: %w", folder, err)
		}
		owner, _ := io.ReadAll(io.NewSectionReader(f, 0, 20))
		if waiting != nil {
			waiting(string(owner))
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("waiting for process %s, which downloads it too: %w", owner, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
	_ = f.Truncate(0)
	_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0) // for whoever wonders; the lock holds without it
	return func() { f.Close() }, nil
}
