package sinks

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A listed is a folder with a list of what was written into it, which tells what is not written any more from what others put there.
type listed struct {
	folder      string
	before, now []string // names in the folder, with slashes
}

// listName is the list's own.
const listName = ".files"

// openListed reads the list of a folder, where nothing may have been written yet.
func openListed(folder string) (*listed, error) {
	text, err := os.ReadFile(filepath.Join(folder, listName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading what was written before: %w", err)
	}
	return &listed{folder: folder, before: strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })}, nil
}

// add lists files and folders that are about to appear, so that whoever is killed then leaves nothing that is not listed.
func (l *listed) add(paths ...string) error {
	for _, path := range paths {
		name, err := filepath.Rel(l.folder, path)
		if err != nil {
			return err
		}
		l.now = append(l.now, filepath.ToSlash(name))
	}
	return l.write(slices.Concat(l.before, l.now))
}

// prune removes what was written before and was not now; a folder only if nothing else is in it.
func (l *listed) prune() error {
	root, err := os.OpenRoot(l.folder) // a list may be anybody's
	if err != nil {
		return fmt.Errorf("removing what is not written any more: %w", err)
	}
	defer root.Close()
	slices.Sort(l.before)
	for _, name := range slices.Backward(l.before) { // files before their folder
		if slices.Contains(l.now, name) {
			continue
		}
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("removing what is not written any more: %w", err)
		}
	}
	return l.write(l.now)
}

func (l *listed) write(names []string) error {
	slices.Sort(names)
	return writeText(filepath.Join(l.folder, listName), strings.Join(slices.Compact(names), "\n")+"\n")
}
