package hub

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	listingFile = "files.json"
	weightsFile = "model.safetensors"
	shardsFile  = "model.safetensors.index.json"
)

// A Listing says which files a model has, whether or not they have been downloaded. It is the same wherever the same
// commit is listed, and settles the content of every file.
type Listing struct {
	Model  string // as asked for
	Commit string // what its revision stood for when it was listed
	Files  []File

	asked  Model
	folder string
}

// A File is one file of a model.
type File struct {
	Name string
	Size int64  // in bytes; -1 if the hub does not say
	ETag string // without quotes: SHA-256 of large files, git's SHA-1 of small ones, anything on other servers
	Read bool   // whether it is there as soon as the listing is
}

// sum is what the file's ETag is a checksum of; empty if it is none.
func (f File) sum() string {
	digits, err := hex.DecodeString(f.ETag)
	switch {
	case err == nil && len(digits) == sha256.Size:
		return "sha256:" + f.ETag
	case err == nil && len(digits) == sha1.Size:
		return "git:" + f.ETag
	}
	return ""
}

// load reads what an earlier call listed; nil if there is nothing that can be used.
func load(folder string, m Model) *Listing {
	data, err := os.ReadFile(filepath.Join(folder, listingFile))
	l := &Listing{asked: m, folder: folder}
	if err != nil || json.Unmarshal(data, l) != nil || l.Model != m.String() {
		return nil
	}
	return l
}

// pinned is the model at its commit.
func (l *Listing) pinned() Model { return Model{l.asked.Owner, l.asked.Name, l.Commit} }

// named says which file an error is about, if that is not plain.
func (l *Listing) named(file string, err error) error {
	if gone := (missing{}); errors.As(err, &gone) {
		return missing{l.Model, gone.file}
	}
	if err != nil {
		return fmt.Errorf("downloading %s of %s: %w", file, l.Model, err)
	}
	return nil
}

// absent are the files that have yet to be downloaded, of those to be read before a run or of all.
func (l *Listing) absent(read bool) []File {
	var absent []File
	for _, f := range l.Files {
		stat, err := os.Stat(l.path(f))
		there := err == nil && (f.Size < 0 || stat.Size() == f.Size)
		if !there && (f.Read || !read) {
			absent = append(absent, f)
		}
	}
	return absent
}

func (l *Listing) path(f File) string { return filepath.Join(l.folder, filepath.FromSlash(f.Name)) }

// Paths are the files that settle what the model is: the listing and the small files, all of which are on disk.
func (l *Listing) Paths() []string {
	paths := []string{filepath.Join(l.folder, listingFile)}
	for _, f := range l.Files {
		if f.Read {
			paths = append(paths, l.path(f))
		}
	}
	return paths
}

// Folder is where the files lie, or will, by their names.
func (l *Listing) Folder() string { return l.folder }

// FS is the model's folder. Its Stat knows every file of the listing, before Download too.
func (l *Listing) FS() fs.FS { return listed{os.DirFS(l.folder), l} }

type listed struct {
	fs.FS
	listing *Listing
}

func (l listed) Stat(name string) (fs.FileInfo, error) {
	for _, f := range l.listing.Files {
		if f.Name == name {
			return info{f}, nil
		}
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

// info is what Stat tells.
type info struct{ file File }

func (i info) Name() string     { return filepath.Base(i.file.Name) }
func (i info) Size() int64      { return i.file.Size }
func (info) Mode() fs.FileMode  { return 0o444 }
func (info) ModTime() time.Time { return time.Time{} }
func (info) IsDir() bool        { return false }
func (info) Sys() any           { return nil }
