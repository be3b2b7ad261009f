package objects

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// openFolder makes sure that the folder of a store can be read: the library takes one that cannot for an empty one.
func openFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.ReadDir(1)
	if err != nil && !errors.Is(err, os.ErrPermission) { // EOF: it is empty
		return nil
	}
	return err
}

// eachFile does what Each does for a store that is a folder, in one pass: the library begins anew for every thousand files, leaves out
// folders that may not be read, and fails at files that others rename or remove meanwhile.
func (s *Store) eachFile(prefix string, do func(Object) error) error {
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
