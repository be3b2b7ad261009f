package sinks

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// A File is being written and has not taken its name yet. It appears complete, or not at all.
type File struct {
	*os.File
	path string
}

// Create begins a file, and makes its folder. Publish must be called in the end.
func Create(path string) (*File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, fmt.Errorf("creating folder: %w", err)
	}
	f, err := os.OpenFile(Beside(path), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("creating file: %w", err)
	}
	return &File{f, path}, nil
}

const partMark = ".part-"

// Beside is a name in the same folder that nobody else uses.
func Beside(path string) string {
	return filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s%s%08x", filepath.Base(path), partMark, rand.Uint32()))
}

// IsPart tells whether a file of that name is being written, or was left by a process that was killed.
func IsPart(name string) bool {
	_, _, part := strings.Cut(name, partMark)
	return part && strings.HasPrefix(name, ".")
}

// Sweep removes what a killed process left of the file or folder at path, and of files in that folder. Nobody may be
// writing there.
func Sweep(path string) error {
	return errors.Join(
		SweepFolder(filepath.Dir(path), func(name string) bool { return name == filepath.Base(path) }),
		SweepFolder(path, func(string) bool { return true }))
}

// SweepFolder removes what a killed process left in folder of files and folders whose names are its own. That there is no such
// folder is well.
func SweepFolder(folder string, own func(name string) bool) error {
	entries, _ := os.ReadDir(folder)
	var failed error
	for _, e := range entries {
		name, hidden := strings.CutPrefix(e.Name(), ".")
		if name, _, part := strings.Cut(name, partMark); hidden && part && own(name) {
			failed = errors.Join(failed, os.RemoveAll(filepath.Join(folder, e.Name())))
		}
	}
	return failed
}

// Publish makes what was written durable and gives it its name; or, when writing failed with err, removes it. It
// returns err, or what went wrong here.
func (f *File) Publish(err error) error {
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	return syncFolder(filepath.Dir(f.path))
}

// syncFolder makes the names of a folder's files durable, where the file system knows how to.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := folder.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
