package pipeline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ferry-clir/ferry/sources/download"
)

// lock keeps other runs out of a work folder until unlock is called or the process ends, however it ends.
func lock(work string) (unlock func(), err error) {
	if err := os.MkdirAll(work, 0o777); err != nil {
		return nil, fmt.Errorf("creating work folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(work, "lock"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("locking work folder: %w", err)
	}
	if err := download.LockFile(f); err != nil {
		f.Close()
		if errors.Is(err, download.ErrLocked) {
			return nil, fmt.Errorf("another run is at work in %s; wait for its end, or give this one a folder of its own with --set work=FOLDER", work)
		}
		return nil, fmt.Errorf("locking work folder: %w", err)
	}
	return func() { f.Close() }, nil
}
