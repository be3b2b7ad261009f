package download

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/sources/download/downloadtest"
)

// A server has one file and, for each request to come, a fault that takes its place.
type server struct {
	*httptest.Server
	content []byte
	tag     string
	faults  []http.HandlerFunc
	asked   []string // Range of every request
}

func newServer(t *testing.T, faults ...http.HandlerFunc) *server {
	s := &server{content: noise(300_000), tag: `"1"`, faults: faults}
	s.Server = downloadtest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked = append(s.asked, r.Header.Get("Range"))
		if s.tag != "" {
			w.Header().Set("Etag", s.tag)
		}
		if len(s.faults) > 0 {
			fault := s.faults[0]
			s.faults = s.faults[1:]
			fault(w, r)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.content))
	}))
	return s
}

func noise(n int) []byte {
	data := make([]byte, n)
	for i, x := 0, uint32(1); i < n; i++ {
		x = x*1664525 + 1013904223
		data[i] = byte(x >> 24)
	}
	return data
}

// half announces a file whole, sends 100,000 bytes of it, and then does what after does.
func half(content []byte, after func(*http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.Write(content[:100_000])
		w.(http.Flusher).Flush()
		after(r)
	}
}

func hangUp(*http.Request)       { panic(http.ErrAbortHandler) }
func fallSilent(r *http.Request) { <-r.Context().Done() }

func busy(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }

func impatient() *Client {
	c := NewClient()
	c.Pause, c.Attempts = time.Millisecond, 4
	return c
}

// TestFaults downloads a file of which neither size nor sum is known beforehand, as of most public data sets, from a
// server that fails in a way; what is there at the end is what the server has, or nothing.
func TestFaults(t *testing.T) {
	content := noise(300_000)
	other := bytes.Repeat([]byte("x"), len(content))
	short := func(w http.ResponseWriter, _ *http.Request) { // a 206 that ends before the file does
		w.Header().Set("Content-Range", "bytes 100000-199999/300000")
		w.WriteHeader(http.StatusPartialContent)
		w.Write(content[100_000:200_000])
	}
	for _, c := range []struct {
		name   string
		faults []http.HandlerFunc
		tag    func(s *server) // after the first request, if not nil
		asked  string
		err    string
	}{
		{"none", nil, nil, `[""]`, ""},
		{"busy twice", []http.HandlerFunc{busy, busy}, nil, `["" "" ""]`, ""},
		{"busy", []http.HandlerFunc{busy, busy, busy, busy}, nil, `["" "" "" ""]`, "giving up after 4 attempts: the server answers 503 Service Unavailable"},
		{"truncated", []http.HandlerFunc{half(content, hangUp)}, nil, `["" "bytes=100000-"]`, ""},
		{"truncated twice", []http.HandlerFunc{half(content, hangUp), short}, nil, `["" "bytes=100000-" "bytes=200000-"]`, ""},
		{"silent", []http.HandlerFunc{half(content, fallSilent)}, nil, `["" "bytes=100000-"]`, ""},
		{"changes half-way", []http.HandlerFunc{half(other, hangUp)}, func(s *server) { s.tag = `"2"` }, `["" "bytes=100000-"]`, ""},
		{"changes and goes on", []http.HandlerFunc{half(other, hangUp), short}, func(s *server) { s.tag = `"2"` }, `["" "bytes=100000-" ""]`, ""},
		{"no ETag", []http.HandlerFunc{half(other, hangUp)}, func(s *server) { s.tag = "" }, `["" "bytes=100000-"]`, ""},
		{"weak ETag", []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Etag", `W/"1"`)
			half(other, hangUp)(w, r)
		}}, nil, `["" ""]`, ""},
		{"gone", []http.HandlerFunc{http.NotFound}, nil, `[""]`, "the server answers 404 Not Found"},
	} {
		t.Run(c.name, downloadtest.InBubble(func(t *testing.T) {
			s := newServer(t, c.faults...)
			if c.tag != nil {
				first := s.faults[0]
				s.faults[0] = func(w http.ResponseWriter, r *http.Request) { c.tag(s); first(w, r) }
			}
			path := filepath.Join(t.TempDir(), "set", "file")
			err := impatient().Fetch(t.Context(), File{URL: s.URL, Path: path, Size: -1}, func(int64) {})
			if got := fmt.Sprintf("%q", s.asked); got != c.asked {
				t.Errorf("the server was asked for %s, want %s", got, c.asked)
			}
			got, _ := os.ReadFile(path)
			if c.err == "" && (err != nil || !bytes.Equal(got, content)) {
				t.Errorf("got %d bytes, error %v", len(got), err)
			}
			if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err) || got != nil) {
				t.Errorf("got %d bytes, error %v, want %q", len(got), err, c.err)
			}
		}))
	}
}

// TestSums downloads a file with sums right and wrong. A wrong one leaves nothing behind, not even a part.
func TestSums(t *testing.T) {
	content := noise(300_000)
	for sum, ok := range map[string]bool{
		fmt.Sprintf("md5:%x", md5.Sum(content)):                 true,
		fmt.Sprintf("sha256:%x", sha256.Sum256(content)):        true,
		fmt.Sprintf("md5:%x", md5.Sum(content[1:])):             false,
		fmt.Sprintf("sha256:%x", sha256.Sum256([]byte("else"))): false,
	} {
		s := newServer(t)
		folder := t.TempDir()
		err := impatient().Fetch(t.Context(), File{URL: s.URL, Path: filepath.Join(folder, "file"), Size: 300_000, Sum: sum}, func(int64) {})
		if (err == nil) != ok || !ok && !strings.Contains(err.Error(), "its checksum is") {
			t.Errorf("%s: %v", sum, err)
		}
		if left, _ := filepath.Glob(filepath.Join(folder, "*")); len(left) != map[bool]int{true: 1}[ok] {
			t.Errorf("%s: left behind %v", sum, left)
		}
	}
}

// TestWrongSize gives up at once where the server has a file of another size.
func TestWrongSize(t *testing.T) {
	s := newServer(t)
	err := impatient().Fetch(t.Context(), File{URL: s.URL, Path: filepath.Join(t.TempDir(), "file"), Size: 300_001}, func(int64) {})
	if err == nil || !strings.Contains(err.Error(), "it has 300000 bytes, and should have 300001") || len(s.asked) != 1 {
		t.Errorf("%v after %d requests", err, len(s.asked))
	}
}

// TestLinkedSum verifies the sum that a server gives with its redirection.
func TestLinkedSum(t *testing.T) {
	for _, right := range []bool{true, false} {
		s := newServer(t)
		sum := sha256.Sum256(s.content)
		if !right {
			sum[0]++
		}
		front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Linked-Etag", fmt.Sprintf(`"%x"`, sum))
			http.Redirect(w, r, s.URL, http.StatusFound)
		}))
		defer front.Close()
		err := impatient().Fetch(t.Context(), File{URL: front.URL, Path: filepath.Join(t.TempDir(), "file"), Size: -1}, func(int64) {})
		if (err == nil) != right || !right && !strings.Contains(err.Error(), "its checksum is") {
			t.Errorf("right sum %v: %v", right, err)
		}
	}
}

// TestRefused are requests that are not made.
func TestRefused(t *testing.T) {
	offline := impatient()
	offline.Offline = true
	for want, ask := range map[string]struct {
		client *Client
		url    string
	}{
		"ferry is offline":        {offline, "https://data.example/file"},
		"is not an https address": {impatient(), "http://data.example/file"},
	} {
		err := ask.client.Fetch(t.Context(), File{URL: ask.url, Path: filepath.Join(t.TempDir(), "file"), Size: -1}, func(int64) {})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", ask.url, err, want)
		}
	}
}

// TestGitSum compares with what `git hash-object` says of files that hold "hello\n" and nothing.
func TestGitSum(t *testing.T) {
	for content, want := range map[string]string{
		"hello\n": "ce013625030ba8dba906f756967f9e9ca394464a",
		"":        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
	} {
		sum, _ := File{Sum: "git:" + want}.newHash(int64(len(content)))
		sum.Write([]byte(content))
		if got := hex.EncodeToString(sum.Sum(nil)); got != want {
			t.Errorf("sum of %q is %s, want %s", content, got, want)
		}
	}
}
