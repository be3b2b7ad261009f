package objects

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ferry-clir/ferry/sources/download"
)

// openFolder opens the folder of a store, and makes sure that it can be read: the library takes one that cannot for an empty one.
func openFolder(folder string) (*os.File, error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	if _, err = f.ReadDir(1); errors.Is(err, os.ErrPermission) { // others, such as EOF, are no matter
		f.Close()
		return nil, err
	}
	return f, nil
}

// here makes sure that a store that is a folder is still the one that was opened. Where its file system was unmounted there is none, or
// the one that it was mounted on, which the library would fill, and find nothing in.
func (s *Store) here() error {
	if s.folder == nil {
		return nil
	}
	opened, err := s.folder.Stat()
	now, gone := os.Stat(s.Address.Path())
	if err != nil || gone != nil || !os.SameFile(opened, now) {
		return download.Final{Err: errors.New("the folder is not the one any more that it was; has it been removed, or its file system unmounted?")}
	}
	return nil
}

// eachFile does what Each does for a store that is a folder, in one pass: the library begins anew for every thousand files, leaves out
// folders that may not be read, and fails at files that others rename or remove meanwhile.
func (s *Store) eachFile(prefix string, do func(Object) error) error {
	if err := s.here(); err != nil {
		return err
	}
	root := s.Address.Path()
	return filepath.WalkDir(filepath.Join(root, filepath.FromSlash(prefix[:strings.LastIndexByte(prefix, '/')+1])), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if name = filepath.ToSlash(name); err != nil || !strings.HasPrefix(name, prefix) {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return do(Object{name, info.Size(), info.ModTime()})
	})
}
