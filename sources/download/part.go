package download

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"strings"
)

// farEnough is how many new bytes make an attempt one that got further, in a file so large that many may be needed.
const farEnough = 1 << 20

// A part is a file that is arriving. Beside it lies the ETag under which its bytes were sent: an attempt goes on where
// the one before stopped, in this process or another, as long as that has not changed.
type part struct {
	client *Client
	file   File
	path   string
	heard  func(have int64)
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
			err = Final{err} // nothing was pieced together
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
	return p.client.exchange(ctx, http.MethodGet, p.file.URL, header, func(r *http.Response, body io.Reader) error {
		pinned := p.file.Sum == "" && p.file.ETag != ""
		if pinned && r.StatusCode != http.StatusRequestedRangeNotSatisfiable && facts(r).ETag != p.file.ETag {
			return Final{ErrChanged}
		}
		if p.file.Sum == "" {
			p.file.Sum = linkedSum(r)
		}
		if r.StatusCode == http.StatusOK {
			if n := r.ContentLength; n >= 0 && p.file.Size >= 0 && n != p.file.Size {
				return Final{fmt.Errorf("it has %d bytes, and should have %d", n, p.file.Size)}
			}
			return p.write(body, 0, p.whole(r.ContentLength), r.Header.Get("Etag"))
		}
		var first, last, total int64
		_, err := fmt.Sscanf(r.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &total)
		if err != nil || first != have || p.file.Size >= 0 && total != p.file.Size || r.Header.Get("Etag") != string(tag) {
			p.discard()
			return errors.New("the server cannot go on where it stopped")
		}
		return p.write(body, have, p.whole(total), string(tag))
	})
}

// whole is the size of the file: the one that is known, else what the server announces, -1 if it does not.
func (p *part) whole(announced int64) int64 {
	if p.file.Size >= 0 {
		return p.file.Size
	}
	return announced
}

// write appends body to the first have bytes of the part, which were sent under the same ETag, up to the size of the
// whole.
func (p *part) write(body io.Reader, have, whole int64, tag string) error {
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
	limit := int64(math.MaxInt64)
	if whole >= 0 {
		limit = whole - have + 1
	}
	_, err = io.Copy(io.NewOffsetWriter(out, have), &counter{io.LimitReader(body, limit), have, p.heard})
	size := p.size()
	switch {
	case err != nil:
		return err
	case whole >= 0 && size > whole:
		p.discard()
		return Final{fmt.Errorf("the server sends more than the %d bytes that it should", whole)}
	case whole >= 0 && size < whole:
		return fmt.Errorf("the server stopped at %d of %d bytes", size, whole)
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

// check compares the part with its sum, and discards it if they differ.
func (p *part) check(ctx context.Context) error {
	sum, want := p.file.newHash(p.size())
	if sum == nil {
		return nil
	}
	in, err := os.Open(p.path)
	if err != nil {
		return err
	}
	defer in.Close()
	for err == nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err = io.CopyN(sum, in, 1<<24)
	}
	if err != io.EOF {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		p.discard()
		return fmt.Errorf("its checksum is %s, and should be %s", got, want)
	}
	return nil
}

func (p *part) discard() {
	os.Remove(p.path)
	os.Remove(p.path + ".etag")
}
