package pipeline

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/pipeline/objects"
	"github.com/ferry-clir/ferry/sources/download"
)

// A depot is where tasks lie on a machine that has nothing of a run but a store: a work folder of this process alone, which goes
// with it, and beside that what was got for all tasks of this user, by content, since others need the same models. Files of the
// one are further names of those of the other, so that either may be removed at any time.
type depot struct {
	objects *objects.Store
	address string
	files   string // by SHA-256
	work    string
	lock    *os.File // held as long as the work folder is in use
	passing bool     // there is no cache folder: nothing is left to others
}

// mostKept is how many bytes stay in a depot between tasks: those that were used last.
const mostKept = 16 << 30

// abandoned is how old a work folder must be that nobody holds to be one that a killed process left.
const abandoned = time.Minute

// openDepot opens a store on a machine that does tasks. Close must be called in the end.
func openDepot(ctx context.Context, address string) (*depot, error) {
	parsed, err := objects.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the store of the task %w", err)
	}
	d := &depot{address: address}
	root, err := download.Cache()
	if root = filepath.Join(root, fmt.Sprintf("tasks-%08x", crc32.ChecksumIEEE([]byte(parsed.Identity())))); err == nil {
		err = os.MkdirAll(filepath.Join(root, "work"), 0o700)
	}
	if err != nil { // as for users without a home
		if root, err = os.MkdirTemp("", "ferry-tasks-"); err != nil {
			return nil, fmt.Errorf("making a folder for tasks: %w", err)
		}
		d.passing = true
	}
	d.files = filepath.Join(root, "files")
	if err = os.MkdirAll(d.files, 0o700); err == nil {
		err = d.begin(filepath.Join(root, "work"))
	}
	if err == nil {
		d.objects, err = objects.Open(ctx, parsed)
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// begin makes the work folder of this process, and removes those of processes that were killed.
func (d *depot) begin(works string) (err error) {
	if err = os.MkdirAll(works, 0o700); err == nil {
		d.work, err = os.MkdirTemp(works, "")
	}
	if err == nil {
		d.lock, err = os.Create(filepath.Join(d.work, "lock"))
	}
	if err == nil {
		err = download.LockFile(d.lock)
	}
	if err != nil {
		return fmt.Errorf("making a folder for tasks: %w", err)
	}
	others, err := os.ReadDir(works)
	for _, other := range others {
		info, gone := other.Info()
		folder := filepath.Join(works, other.Name())
		if gone == nil && folder != d.work && time.Since(info.ModTime()) > abandoned && !isHeld(filepath.Join(folder, "lock")) {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}
	return err
}

func isHeld(file string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	held, err := download.Held(f)
	return held || err != nil
}

// close removes what nobody will read again.
func (d *depot) close() error {
	var err error
	if d.objects != nil {
		err = d.objects.Close()
	}
	if d.passing {
		err = errors.Join(err, os.RemoveAll(filepath.Dir(d.files)))
	} else {
		if d.work != "" {
			err = errors.Join(err, os.RemoveAll(d.work))
		}
		err = errors.Join(err, d.trim(mostKept))
	}
	if d.lock != nil {
		d.lock.Close()
	}
	return err
}

// trim removes those of the files that were not used for the longest time, until no more than so many bytes are left.
func (d *depot) trim(most int64) error {
	entries, err := os.ReadDir(d.files)
	if err != nil {
		return err
	}
	var files []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil { // else another process has removed it
			files = append(files, info)
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, file := range files {
		if most -= file.Size(); most < 0 {
			if gone := os.Remove(filepath.Join(d.files, file.Name())); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
				err = gone
			}
		}
	}
	return err
}

// largeContent is from how many bytes on processes of a machine wait for one that gets the same, rather than all get it.
const largeContent = 16 << 20

// get makes a file of that content: a name of the one that is kept or, if there is none, of what get makes of it.
func (d *depot) get(ctx context.Context, file string, c content.Sum, get func() error) error {
	if d.take(file, c) {
		return nil
	}
	if c.Bytes >= largeContent {
		unlock, err := download.Lock(ctx, filepath.Join(filepath.Dir(d.files), "getting"), nil)
		if err != nil {
			return err
		}
		defer unlock()
		if d.take(file, c) {
			return nil
		}
	}
	if err := get(); err != nil {
		return err
	}
	_ = os.Link(file, filepath.Join(d.files, c.SHA256)) // where that cannot be done, the next gets it again
	return nil
}

// take tells whether there is such a file now, since its content was kept.
func (d *depot) take(file string, c content.Sum) bool {
	kept := filepath.Join(d.files, c.SHA256)
	if !isThere(kept, c.Bytes) || os.MkdirAll(filepath.Dir(file), 0o777) != nil || os.Link(kept, file) != nil {
		return false
	}
	now := time.Now()
	_ = os.Chtimes(kept, now, now) // it may have been removed meanwhile, but for its other name
	return true
}
