package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
)

// A Client asks servers for files. It is safe for concurrent use.
type Client struct {
	Authorization string // header that only the host sees that is asked, not those it redirects to; empty for none
	Offline       bool   // ask nobody
	// Refuse turns an answer that has no file into an error, in words that the server's kind calls for; nil for none. What
	// it returns nil for is judged by the status alone.
	Refuse func(*http.Response) error

	Patience
	http *http.Client
}

// NewClient returns a client with patience for a bad connection, and no authorization.
func NewClient() *Client {
	return &Client{Patience: NewPatience(), http: &http.Client{CheckRedirect: redirect}}
}

// Cache is the folder for what is downloaded.
func Cache() (string, error) {
	cache := os.Getenv("FERRY_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("finding the cache folder, which FERRY_CACHE can name: %w", err)
		}
		cache = filepath.Join(user, "ferry")
	}
	cache, err := filepath.Abs(cache)
	if err != nil {
		return "", fmt.Errorf("finding the cache folder: %w", err)
	}
	return cache, nil
}

// Secure tells whether secrets and data may travel to an address and back: by TLS, or without leaving this machine.
func Secure(u *url.URL) bool {
	host := u.Hostname()
	here := host == "localhost" || net.ParseIP(host).IsLoopback()
	return host != "" && (u.Scheme == "https" || u.Scheme == "http" && here)
}

// redirect decides whether to go where a server points. Other hosts must not see the authorization, and a HEAD stops
// before them once the server has said what the file is.
func redirect(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case next.Method == http.MethodHead && next.Response.Header.Get(linkedETag) != "":
		return http.ErrUseLastResponse
	case len(via) == 10:
		return Final{errors.New("the server redirects more than 10 times")}
	case !Secure(next.URL) || next.URL.Scheme == "http" && first.Scheme != "http":
		return Final{fmt.Errorf("the server redirects to %s://%s, which is not safe", next.URL.Scheme, next.URL.Host)}
	case next.URL.Host != first.Host || next.URL.Scheme != first.Scheme:
		next.Header.Del("Authorization")
	}
	return nil
}

// ErrOffline is the error of a client that is to ask nobody.
var ErrOffline = errors.New("it is not in the cache, and ferry is offline")

// exchange asks for an address and hands the answer to use, with status 200, 206 or 416, to HEAD also a redirection.
// Anything else is an error, as is a server that is silent for too long.
func (c *Client) exchange(ctx context.Context, method, address string, header http.Header, use func(*http.Response, io.Reader) error) error {
	if c.Offline {
		return Final{ErrOffline}
	}
	ctx, heard, stop := c.Watch(ctx)
	defer stop()
	request, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return Final{err}
	}
	if !Secure(request.URL) {
		return Final{fmt.Errorf("%s is not an https address (http only on this machine)", request.URL.Redacted())}
	}
	request.Header = header
	request.Header.Set("Accept-Encoding", "identity") // sizes and ranges are those of the file
	request.Header.Set("User-Agent", "ferry")
	if c.Authorization != "" {
		request.Header.Set("Authorization", c.Authorization)
	}
	response, err := c.http.Do(request)
	if err == nil {
		defer response.Body.Close()
		if err = c.refusal(response); err == nil {
			err = use(response, &listener{response.Body, heard})
		}
	}
	var withAddress *url.Error // addresses of large files are signed: whoever has one may read the file
	if errors.As(err, &withAddress) {
		err = withAddress.Err
	}
	if err != nil && context.Cause(ctx) == ErrStalled {
		return ErrStalled
	}
	return err
}

// listener tells of everything that it hears.
type listener struct {
	io.Reader
	heard func()
}

func (l *listener) Read(b []byte) (int, error) {
	n, err := l.Reader.Read(b)
	if n > 0 {
		l.heard()
	}
	return n, err
}
