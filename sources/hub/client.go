package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const publicHub = "https://huggingface.co"

// A Client asks one hub and keeps what it gets in one cache. It is safe for concurrent use.
type Client struct {
	// Progress, if set, hears how many of the bytes to download are there. It is called from the goroutine that
	// downloads, often, and done goes back where a download has to start again.
	Progress func(done, total int64)

	endpoint *url.URL
	token    string
	cache    string
	http     *http.Client
	stall    time.Duration // longest silence of the hub
	pause    time.Duration // before the second attempt; doubles with each
	attempts int           // in a row that get nowhere
}

// New returns a client for what HF_ENDPOINT, HF_TOKEN and FERRY_CACHE say.
func New() (*Client, error) {
	endpoint, err := url.Parse(cmp.Or(os.Getenv("HF_ENDPOINT"), publicHub))
	if err != nil || endpoint.User != nil || !secure(endpoint) {
		return nil, errors.New("HF_ENDPOINT must be an https address without a password (http only on this machine)")
	}
	cache := os.Getenv("FERRY_CACHE")
	if cache == "" {
		if cache, err = os.UserCacheDir(); err != nil {
			return nil, fmt.Errorf("finding the cache folder, which FERRY_CACHE can name: %w", err)
		}
		cache = filepath.Join(cache, "ferry")
	}
	if cache, err = filepath.Abs(cache); err != nil {
		return nil, fmt.Errorf("finding the cache folder: %w", err)
	}
	return &Client{
		endpoint: endpoint, token: strings.TrimSpace(os.Getenv("HF_TOKEN")), cache: cache,
		http:  &http.Client{CheckRedirect: redirect},
		stall: 30 * time.Second, pause: time.Second / 2, attempts: 6,
	}, nil
}

// secure tells whether a token and a model may travel to an address and back.
func secure(u *url.URL) bool {
	host := u.Hostname()
	here := host == "localhost" || net.ParseIP(host).IsLoopback()
	return host != "" && (u.Scheme == "https" || u.Scheme == "http" && here)
}

// redirect decides whether to go where the hub points. Large files lie on other hosts: they must not see the token,
// and a HEAD stops before them once the hub has said what the file is.
func redirect(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case next.Method == http.MethodHead && next.Response.Header.Get("X-Linked-Etag") != "":
		return http.ErrUseLastResponse
	case len(via) == 10:
		return final{errors.New("the hub redirects more than 10 times")}
	case !secure(next.URL) || next.URL.Scheme == "http" && first.Scheme != "http":
		return final{fmt.Errorf("the hub redirects to %s://%s, which is not safe", next.URL.Scheme, next.URL.Host)}
	case next.URL.Host != first.Host || next.URL.Scheme != first.Scheme:
		next.Header.Del("Authorization")
	}
	return nil
}

// exchange asks for a file as it was at a revision and hands the answer to use, with status 200, 206 or 416, to HEAD also
// a redirection. Anything else is an error, as is a hub that is silent for too long.
func (c *Client) exchange(ctx context.Context, method string, m Model, name string, header http.Header, use func(*http.Response, io.Reader) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alarm := time.AfterFunc(c.stall, func() { cancel(errStalled) })
	defer alarm.Stop()
	target := c.endpoint.JoinPath(m.Owner, m.Name, "resolve", url.PathEscape(m.Revision), name)
	request, err := http.NewRequestWithContext(ctx, method, target.String(), nil)
	if err != nil {
		return final{err}
	}
	request.Header = header
	request.Header.Set("Accept-Encoding", "identity") // sizes and ranges are those of the file
	request.Header.Set("User-Agent", "ferry")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err == nil {
		defer response.Body.Close()
		if err = refusal(m, name, response); err == nil {
			err = use(response, &listener{response.Body, alarm, c.stall})
		}
	}
	var withAddress *url.Error // addresses of large files are signed: whoever has one may read the file
	if errors.As(err, &withAddress) {
		err = withAddress.Err
	}
	if err != nil && context.Cause(ctx) == errStalled {
		return errStalled
	}
	return err
}

var errStalled = errors.New("the hub fell silent")

// listener puts the alarm off with everything that it hears.
type listener struct {
	io.Reader
	alarm *time.Timer
	stall time.Duration
}

func (l *listener) Read(b []byte) (int, error) {
	n, err := l.Reader.Read(b)
	if n > 0 {
		l.alarm.Reset(l.stall)
	}
	return n, err
}
