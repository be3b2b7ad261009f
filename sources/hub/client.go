package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/ferry-clir/ferry/sources/download"
)

const publicHub = "https://huggingface.co"

// A Client asks one hub and keeps what it gets in one cache. It is safe for concurrent use.
type Client struct {
	// Progress, if set, hears how many of the bytes to download are there. It is called from the goroutine that
	// downloads, often, and done goes back where a download has to start again.
	Progress func(done, total int64)

	endpoint *url.URL
	cache    string
	download *download.Client
}

// New returns a client for what HF_ENDPOINT, HF_TOKEN and FERRY_CACHE say. One that is offline knows the cache alone.
func New(offline bool) (*Client, error) {
	endpoint, err := url.Parse(cmp.Or(os.Getenv("HF_ENDPOINT"), publicHub))
	if err != nil || endpoint.User != nil || !download.Secure(endpoint) {
		return nil, errors.New("HF_ENDPOINT must be an https address without a password (http only on this machine)")
	}
	cache, err := download.Cache()
	if err != nil {
		return nil, err
	}
	c := &Client{endpoint: endpoint, cache: cache, download: download.NewClient()}
	c.download.Offline = offline
	if token := strings.TrimSpace(os.Getenv("HF_TOKEN")); token != "" {
		c.download.Authorization = "Bearer " + token
	}
	return c, nil
}

// address is where the hub has a file as it was at a revision.
func (c *Client) address(m Model, name string) string {
	return c.endpoint.JoinPath(m.Owner, m.Name, "resolve", url.PathEscape(m.Revision), name).String()
}

// server is the client for one file of a model, whose refusals are those of the hub.
func (c *Client) server(m Model, name string) *download.Client {
	server := *c.download
	server.Refuse = func(r *http.Response) error { return refusal(m, name, r) }
	return &server
}

// fetch downloads files one after the other and tells progress about all of them.
func (c *Client) fetch(ctx context.Context, l *Listing, files []File, progress func(done, total int64)) error {
	var done, total int64
	for _, f := range files {
		total += max(f.Size, 0)
	}
	for _, f := range files {
		wanted := download.File{URL: c.address(l.pinned(), f.Name), Path: l.path(f), Size: f.Size, Sum: f.sum(), ETag: f.ETag}
		err := c.server(l.asked, f.Name).Fetch(ctx, wanted, func(have int64) {
			if progress != nil {
				progress(done+have, total)
			}
		})
		if errors.Is(err, download.ErrChanged) {
			err = fmt.Errorf("%w; remove %s to list the model anew", err, l.folder)
		}
		if err != nil {
			return l.named(f.Name, err)
		}
		done += max(f.Size, 0)
	}
	return nil
}
