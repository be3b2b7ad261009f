package download

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"strings"
)

// A File is what to download, and where to.
type File struct {
	URL  string
	Path string // where it is to lie
	Size int64  // in bytes; -1 if unknown
	Sum  string // algorithm and hexadecimal digits, such as sha256:e3b0c442...; see newHash. Empty if unknown
	ETag string // that the server must still give, if there is no sum; empty if any will do
}

// ErrChanged is the error of a file that has another ETag than it should.
var ErrChanged = errors.New("it has changed since it was listed")

// Fetch downloads a file and tells heard how many of its bytes are there: often, and fewer than before where it has to
// start again.
func (c *Client) Fetch(ctx context.Context, f File, heard func(have int64)) error {
	p := &part{client: c, file: f, path: f.Path + ".part", heard: heard}
	if err := os.MkdirAll(filepath.Dir(p.path), 0o777); err != nil {
		return fmt.Errorf("writing to the cache: %w", err)
	}
	if err := c.Persist(ctx, func() (bool, error) { return p.attempt(ctx) }); err != nil {
		return err
	}
	if err := os.Rename(p.path, f.Path); err != nil {
		return fmt.Errorf("writing to the cache: %w", err)
	}
	os.Remove(p.path + ".etag")
	return nil
}

// newHash returns the hash of a file of the given size that its sum was made with: md5, sha256, or git, which is SHA-1
// over a header and the content. It is nil if there is no sum.
func (f File) newHash(size int64) (sum hash.Hash, want string) {
	algorithm, want, _ := strings.Cut(f.Sum, ":")
	switch algorithm {
	case "":
		return nil, ""
	case "md5":
		return md5.New(), want
	case "sha256":
		return sha256.New(), want
	case "git":
		sum = sha1.New()
		fmt.Fprintf(sum, "blob %d\x00", size)
		return sum, want
	}
	panic("download: unknown checksum " + f.Sum)
}
