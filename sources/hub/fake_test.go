package hub

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/sources/download/downloadtest"
)

const (
	owner  = "intfloat"
	name   = "tiny"
	commit = "0123456789abcdef0123456789abcdef01234567"
	token  = "hf_secret"
)

// fakeHub serves one model as the public hub does: small files itself, weights from another host. Its ranges are those
// of net/http's ServeContent, which keeps to RFC 9110.
type fakeHub struct {
	*httptest.Server
	store *httptest.Server // has the large files

	mutex   sync.Mutex
	files   map[string][]byte
	tag     string // ETag of the store, of no meaning to the hub
	faults  map[string][]http.HandlerFunc
	before  http.HandlerFunc // sees every request to the hub first, and answers it if it writes a header
	commit  string
	asked   []string // "METHOD path range" of every request
	secrets []string // Authorization headers that the store was sent
}

// newHub starts a hub with a model of a few small files and weights of 300,000 bytes.
func newHub(t *testing.T) *fakeHub {
	h := &fakeHub{tag: `"store-1"`, commit: commit, faults: map[string][]http.HandlerFunc{}, files: map[string][]byte{
		"config.json":           []byte(`{"model_type": "bert"}`),
		"tokenizer.json":        []byte(`{"version": "1.0"}`),
		"tokenizer_config.json": {},
		"1_Pooling/config.json": []byte(`{"pooling_mode_mean_tokens": true}`),
		"model.safetensors":     noise(300_000),
	}}
	h.Server = downloadtest.Serve(t, http.HandlerFunc(h.hub))
	h.store = downloadtest.Serve(t, http.HandlerFunc(h.large))
	return h
}

func noise(n int) []byte {
	data := make([]byte, n)
	for i, x := 0, uint32(1); i < n; i++ {
		x = x*1664525 + 1013904223
		data[i] = byte(x >> 24)
	}
	return data
}

// client has a cache of its own, the token, and loses patience with servers that fail soon.
func (h *fakeHub) client(t *testing.T) *Client {
	t.Setenv("HF_ENDPOINT", h.URL)
	t.Setenv("HF_TOKEN", token)
	t.Setenv("FERRY_CACHE", t.TempDir())
	c, err := New(false)
	if err != nil {
		t.Fatal(err)
	}
	c.download.Pause, c.download.Attempts = time.Millisecond, 4
	return c
}

func (h *fakeHub) note(r *http.Request) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.asked = append(h.asked, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.Header.Get("Range")))
}

// count is how many requests contain text.
func (h *fakeHub) count(text string) (n int) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for _, line := range h.asked {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// answered tells a handler that writes from one that looks on.
type answered struct {
	http.ResponseWriter
	wrote bool
}

func (a *answered) WriteHeader(code int) { a.wrote = true; a.ResponseWriter.WriteHeader(code) }

func (h *fakeHub) hub(w http.ResponseWriter, r *http.Request) {
	h.note(r)
	if h.before != nil {
		a := &answered{ResponseWriter: w}
		if h.before(a, r); a.wrote {
			return
		}
	}
	_, rest, _ := strings.Cut(r.URL.EscapedPath(), "/"+owner+"/"+name+"/resolve/")
	revision, file, _ := strings.Cut(rest, "/")
	if revision, _ = url.PathUnescape(revision); revision != "main" && revision != "refs/pr/1" && revision != h.commit {
		w.Header().Set("X-Error-Code", "RevisionNotFound")
		http.Error(w, "", http.StatusNotFound)
		return
	}
	data, ok := h.files[file]
	if !ok {
		http.Error(w, "", http.StatusNotFound)
		return
	}
	w.Header().Set("X-Repo-Commit", h.commit)
	if strings.HasSuffix(file, ".safetensors") {
		sum := fmt.Sprintf("%x", sha256.Sum256(data))
		w.Header().Set("X-Linked-Etag", `"`+sum+`"`)
		w.Header().Set("X-Linked-Size", fmt.Sprint(len(data)))
		http.Redirect(w, r, h.store.URL+"/"+file+"?signature=abc", http.StatusFound)
		return
	}
	w.Header().Set("Etag", fmt.Sprintf(`"%x"`, sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(data)), data...))))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// large serves a file of the store. Its faults are used up first, one a request.
func (h *fakeHub) large(w http.ResponseWriter, r *http.Request) {
	h.note(r)
	file := strings.TrimPrefix(r.URL.Path, "/")
	h.mutex.Lock()
	if secret := r.Header.Get("Authorization"); secret != "" {
		h.secrets = append(h.secrets, secret)
	}
	var fault http.HandlerFunc
	if waiting := h.faults[file]; len(waiting) > 0 {
		fault, h.faults[file] = waiting[0], waiting[1:]
	}
	tag := h.tag
	h.mutex.Unlock()
	w.Header().Set("Etag", tag)
	if fault != nil {
		fault(w, r)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(h.files[file]))
}

// partial sends the first n bytes of data, which it announces whole, and then does what after does.
func partial(data []byte, n int, after func(*http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		w.Write(data[:n])
		w.(http.Flusher).Flush()
		after(r)
	}
}

func hangUp(*http.Request)       { panic(http.ErrAbortHandler) }
func fallSilent(r *http.Request) { <-r.Context().Done() }

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}
