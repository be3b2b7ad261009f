package download

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// linkedETag is where Hugging Face's servers say what a file is that they redirect to another host for: its SHA-256.
const linkedETag = "X-Linked-Etag"

// Facts are what a server says about a file.
type Facts struct {
	ETag   string // without quotes
	Size   int64  // in bytes; -1 if the server does not say
	Commit string // of the repository that has it, where there is one
}

// Ask asks for the facts of a file, and use judges them; its error ends the asking if it is final.
func (c *Client) Ask(ctx context.Context, address string, use func(Facts) error) error {
	return c.Persist(ctx, func() (bool, error) {
		return false, c.exchange(ctx, http.MethodHead, address, http.Header{}, func(r *http.Response, _ io.Reader) error {
			return use(facts(r))
		})
	})
}

// linkedSum is the checksum that the answer, or one that led to it, gives of the file; empty if there is none.
func linkedSum(r *http.Response) string {
	for ; r != nil; r = r.Request.Response {
		sum := strings.Trim(r.Header.Get(linkedETag), `"`)
		if digits, err := hex.DecodeString(sum); err == nil && len(digits) == sha256.Size {
			return "sha256:" + sum
		}
	}
	return ""
}

// facts reads an answer. Where the server redirected to another host, the first answer counts.
func facts(last *http.Response) Facts {
	f := Facts{ETag: last.Header.Get("Etag"), Size: last.ContentLength}
	if last.StatusCode != http.StatusOK {
		f.Size = -1
	}
	for r := last; r != nil; r = r.Request.Response {
		if linked := r.Header.Get(linkedETag); linked != "" {
			f.ETag = linked
		}
		if linked, err := strconv.ParseInt(r.Header.Get("X-Linked-Size"), 10, 64); err == nil {
			f.Size = linked
		}
		if said := r.Header.Get("X-Repo-Commit"); said != "" {
			f.Commit = said
		}
	}
	f.ETag = strings.Trim(strings.TrimPrefix(f.ETag, "W/"), `"`)
	return f
}
