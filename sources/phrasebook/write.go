package phrasebook

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ferry-clir/ferry/sources/download"
)

// A file is a corpus's file: its slash-separated path below the corpus's folder, and its bytes.
type file struct {
	path    string
	content []byte
}

// corpora are the data sets that Write can make.
var corpora = []struct {
	name  string
	files func() ([]file, error)
}{
	{"mtop", mtop},
	{"bitext", bitext},
	{"wikiclir", wikiclir},
	{"mmarco", mmarco},
}

// marker is the file that says which phrasebook a complete folder was written from.
const marker = ".phrasebook"

// Corpora returns the names that Write accepts.
func Corpora() []string {
	names := make([]string, len(corpora))
	for i, c := range corpora {
		names[i] = c.name
	}
	return names
}

// Write makes the folder dir with the files of one corpus in its published layout:
//
//	mtop      <code>/{train,eval,test}.txt
//	bitext    phrasebook.en-<code>.*
//	wikiclir  wiki-clir/<language>/...
//	mmarco    data/google/...
//
// The folder appears complete or not at all. One that this phrasebook wrote before is left alone, an older one is
// replaced, and a folder that is not a phrasebook's is an error. It takes less than a second.
func Write(ctx context.Context, dir, corpus string) error {
	for _, c := range corpora {
		if c.name != corpus {
			continue
		}
		v, err := version()
		if err == nil {
			err = place(ctx, dir, v, c.files)
		}
		if err != nil {
			return fmt.Errorf("writing %s from the phrasebook: %w", corpus, err)
		}
		return nil
	}
	return fmt.Errorf("writing from the phrasebook: it has no %q, only %s", corpus, strings.Join(Corpora(), ", "))
}

// place makes the files, writes them into a new folder beside dir and renames it. One process at a time does so, which removes
// what others left that were killed at it.
func place(ctx context.Context, dir, version string, content func() ([]file, error)) error {
	if complete, err := isComplete(dir, version); complete || err != nil {
		return err
	}
	parent, hidden := filepath.Dir(dir), "."+filepath.Base(dir)+"-"
	unlock, err := download.Lock(ctx, parent, nil)
	if err != nil {
		return err
	}
	defer unlock()
	if complete, err := isComplete(dir, version); complete || err != nil {
		return err
	}
	left, err := fs.Glob(os.DirFS(parent), hidden+"*")
	for _, name := range left {
		err = errors.Join(err, os.RemoveAll(filepath.Join(parent, name)))
	}
	if err != nil {
		return err
	}
	files, err := content()
	if err != nil {
		return err
	}
	temporary := filepath.Join(parent, hidden+"new")
	defer os.RemoveAll(temporary)
	for _, f := range append(files, file{marker, []byte(version + "\n")}) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := write(filepath.Join(temporary, filepath.FromSlash(f.path)), f.content); err != nil {
			return err
		}
	}
	return replace(dir, temporary, filepath.Join(parent, hidden+"old"))
}

// write makes a file and its folder, and returns when the disk has it.
func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// replace puts a folder in place of dir, an older phrasebook's or none, which takes the name old before it goes: half of it
// would be nobody's.
func replace(dir, folder, old string) error {
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(os.Rename(folder, dir), os.RemoveAll(old))
}

// isComplete tells whether dir holds this version. A folder with files and without the marker is an error, since it is
// somebody else's.
func isComplete(dir, version string) (bool, error) {
	found, err := os.ReadFile(filepath.Join(dir, marker))
	if err == nil {
		return strings.TrimSpace(string(found)) == version, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return false, fmt.Errorf("%s exists and was not written from the phrasebook", dir)
}

// edition changes whenever the same data files give other bytes; a test tells when.
const edition = "1"

// version names the edition and the data files.
func version() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(data, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := data.ReadFile(path)
		fmt.Fprintf(h, "%s\x00%d\x00", path, len(content))
		h.Write(content)
		return err
	})
	return fmt.Sprintf("%s-%x", edition, h.Sum(nil)[:16]), err
}
