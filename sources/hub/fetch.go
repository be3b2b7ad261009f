package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// farEnough is how many new bytes make an attempt one that got further, in a file so large that many may be needed.
const farEnough = 1 << 20

// fetch downloads files one after the other and tells progress about all of them.
func (c *Client) fetch(ctx context.Context, l *Listing, files []File, progress func(done, total int64)) error {
	var done, total int64
	for _, f := range files {
		total += max(f.Size, 0)
	}
	for _, f := range files {
		p := &part{client: c, listing: l, file: f, path: l.path(f) + ".part", heard: func(have int64) {
			if progress != nil {
				progress(done+have, total)
			}
		}}
		if err := os.MkdirAll(filepath.Dir(p.path), 0o777); err != nil {
			return fmt.Errorf("writing to the cache: %w", err)
		}
		if err := c.persist(ctx, func() (bool, error) { return p.attempt(ctx) }); err != nil {
			return l.named(f.Name, err)
		}
		if err := os.Rename(p.path, l.path(f)); err != nil {
			return fmt.Errorf("writing to the cache: %w", err)
		}
		os.Remove(p.path + ".etag")
		done += max(f.Size, 0)
	}
	return nil
}

// A part is a file that is arriving. Beside it lies the ETag under which its bytes were sent: an attempt goes on where
// the one before stopped, in this process or another, as long as that has not changed.
type part struct {
	client  *Client
	listing *Listing
	file    File
	path    string
	heard   func(have int64)
}

// attempt receives what is missing of the file and checks the whole.
func (p *part) attempt(ctx context.Context) (further bool, err error) {
	before := p.size()
	if before != p.file.Size || before == 0 {
		if err := p.receive(ctx, before); err != nil {
			return p.size() >= before+farEnough, err
		}
	}
	if err := p.check(ctx); err != nil {
		if before == 0 && !errors.Is(err, ctx.Err()) {
			err = final{err} // nothing was pieced together
		}
		return false, err
	}
	return true, nil
}

func (p *part) size() int64 {
	stat, err := os.Stat(p.path)
	if err != nil {
		return 0
	}
	return stat.Size()
}

// receive asks for what follows the first have bytes. A server that sends the whole file starts the part anew.
func (p *part) receive(ctx context.Context, have int64) error {
	header := http.Header{}
	tag, _ := os.ReadFile(p.path + ".etag") // without one, from the start
	if have > 0 && len(tag) > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		header.Set("If-Range", string(tag))
	}
	return p.client.exchange(ctx, http.MethodGet, p.listing.pinned(), p.file.Name, header, func(r *http.Response, body io.Reader) error {
		etag, _, _ := facts(r)
		if r.StatusCode != http.StatusRequestedRangeNotSatisfiable && p.file.hash() == nil && etag != p.file.ETag {
			return final{fmt.Errorf("it has changed since it was listed; remove %s to list the model anew", p.listing.folder)}
		}
		if r.StatusCode == http.StatusOK {
			return p.write(body, 0, r.Header.Get("Etag"))
		}
		var first, last, total int64
		_, err := fmt.Sscanf(r.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &total)
		if err != nil || first != have || p.file.Size >= 0 && total != p.file.Size || r.Header.Get("Etag") != string(tag) {
			p.discard()
			return errors.New("the hub cannot go on where it stopped")
		}
		return p.write(body, have, string(tag))
	})
}

// write appends body to the first have bytes of the part, which were sent under the same ETag.
func (p *part) write(body io.Reader, have int64, tag string) error {
	out, err := os.OpenFile(p.path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	defer out.Close()
	if strings.HasPrefix(tag, "W/") {
		tag = "" // same meaning is not same bytes
	}
	if err := errors.Join(out.Truncate(have), os.WriteFile(p.path+".etag", []byte(tag), 0o666)); err != nil {
		return err
	}
	limit := int64(1) << 62
	if p.file.Size >= 0 {
		limit = p.file.Size - have + 1
	}
	_, err = io.Copy(io.NewOffsetWriter(out, have), &counter{io.LimitReader(body, limit), have, p.heard})
	size := p.size()
	switch {
	case err != nil:
		return err
	case p.file.Size >= 0 && size > p.file.Size:
		p.discard()
		return final{fmt.Errorf("the hub sends more than the %d bytes that it announced", p.file.Size)}
	case p.file.Size >= 0 && size < p.file.Size:
		return fmt.Errorf("the hub stopped at %d of %d bytes", size, p.file.Size)
	}
	return out.Sync()
}

// counter tells how far a part has come.
type counter struct {
	io.Reader
	have  int64
	heard func(have int64)
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.have += int64(n)
	c.heard(c.have)
	return n, err
}

// hash returns what the file's ETag is a sum of, waiting for the content: SHA-256 of it, or SHA-1 of git's header and
// it. Nil if the ETag is not a sum.
func (f File) hash() func(size int64) hash.Hash {
	digits, err := hex.DecodeString(f.ETag)
	switch {
	case err == nil && len(digits) == sha256.Size:
		return func(int64) hash.Hash { return sha256.New() }
	case err == nil && len(digits) == sha1.Size:
		return func(size int64) hash.Hash {
			sum := sha1.New()
			fmt.Fprintf(sum, "blob %d\x00", size)
			return sum
		}
	}
	return nil
}

// check compares the part with the sum that the hub gave, and discards it if they differ.
func (p *part) check(ctx context.Context) error {
	newHash := p.file.hash()
	if newHash == nil {
		return nil
	}
	in, err := os.Open(p.path)
	if err != nil {
		return err
	}
	defer in.Close()
	sum := newHash(p.size())
	for err == nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err = io.CopyN(sum, in, 1<<24)
	}
	if err != io.EOF {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != p.file.ETag {
		p.discard()
		return fmt.Errorf("its checksum is %s, but the hub says %s", got, p.file.ETag)
	}
	return nil
}

func (p *part) discard() {
	os.Remove(p.path)
	os.Remove(p.path + ".etag")
}
