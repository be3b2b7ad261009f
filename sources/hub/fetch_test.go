package hub

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/sources/download/downloadtest"
)

var reference = Model{owner, name, "main"}

// get downloads the whole model and returns its folder.
func get(ctx context.Context, c *Client) (string, error) {
	l, err := c.Describe(ctx, reference)
	if err != nil {
		return "", err
	}
	return l.folder, c.Download(ctx, l)
}

// same compares the folder with what the hub has, and finds nothing half-done in it.
func same(t *testing.T, h *fakeHub, folder string) {
	t.Helper()
	for file, want := range h.files {
		if got, err := os.ReadFile(filepath.Join(folder, file)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v, %d bytes of %d", file, err, len(got), len(want))
		}
	}
	for _, pattern := range []string{"*.part*", "*/*.part*"} {
		if left, _ := filepath.Glob(filepath.Join(folder, pattern)); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

func TestFaults(t *testing.T) {
	weights := noise(300_000)
	other := bytes.Repeat([]byte("x"), len(weights))
	whole := func(w http.ResponseWriter, _ *http.Request) { w.Write(weights) }
	longer := func(w http.ResponseWriter, _ *http.Request) { w.Write(append(other, other...)) }
	changed := func(h *fakeHub) func(*http.Request) {
		return func(r *http.Request) {
			h.mutex.Lock()
			h.tag = `"store-2"`
			h.mutex.Unlock()
			hangUp(r)
		}
	}
	elsewhere := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 5-299999/%d", len(weights)))
		w.WriteHeader(http.StatusPartialContent)
	}
	for _, c := range []struct {
		name   string
		faults func(h *fakeHub) []http.HandlerFunc
		asked  []string // of the store, in order
		err    string
	}{
		{"nothing", func(*fakeHub) []http.HandlerFunc { return nil }, []string{""}, ""},
		{"busy", func(*fakeHub) []http.HandlerFunc { return []http.HandlerFunc{status(503), status(500), status(429)} }, []string{"", "", "", ""}, ""},
		{"always busy", func(*fakeHub) []http.HandlerFunc {
			return []http.HandlerFunc{status(503), status(503), status(503), status(503), status(503)}
		}, []string{"", "", "", ""}, "downloading model.safetensors of hf://intfloat/tiny@main: giving up after 4 attempts: the server answers 503 Service Unavailable"},
		{"gone", func(*fakeHub) []http.HandlerFunc { return []http.HandlerFunc{status(418)} }, []string{""}, "the server answers 418"},
		{"truncated twice", func(*fakeHub) []http.HandlerFunc {
			return []http.HandlerFunc{partial(weights, 100_000, hangUp), func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Range", "bytes 100000-299999/300000")
				w.Header().Set("Content-Length", "200000")
				w.WriteHeader(http.StatusPartialContent)
				w.Write(weights[100_000:250_000])
			}}
		}, []string{"", "bytes=100000-", "bytes=250000-"}, ""},
		{"silent", func(*fakeHub) []http.HandlerFunc { return []http.HandlerFunc{partial(weights, 100_000, fallSilent)} }, []string{"", "bytes=100000-"}, ""},
		{"slow", func(*fakeHub) []http.HandlerFunc {
			return []http.HandlerFunc{func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", fmt.Sprint(len(weights)))
				for i := range 6 { // 360 ms in all, never silent for 200
					w.Write(weights[i*50_000 : (i+1)*50_000])
					w.(http.Flusher).Flush()
					time.Sleep(60 * time.Millisecond)
				}
			}}
		}, []string{""}, ""},
		{"ignores range", func(*fakeHub) []http.HandlerFunc {
			return []http.HandlerFunc{partial(other, 100_000, hangUp), whole}
		}, []string{"", "bytes=100000-"}, ""},
		{"another range", func(*fakeHub) []http.HandlerFunc {
			return []http.HandlerFunc{partial(weights, 100_000, hangUp), elsewhere}
		}, []string{"", "bytes=100000-", ""}, ""},
		{"range refused", func(*fakeHub) []http.HandlerFunc {
			return []http.HandlerFunc{partial(weights, 100_000, hangUp), status(416)}
		}, []string{"", "bytes=100000-", ""}, ""},
		{"changes half-way", func(h *fakeHub) []http.HandlerFunc {
			return []http.HandlerFunc{partial(other, 100_000, changed(h))}
		}, []string{"", "bytes=100000-"}, ""},
		{"wrong first half", func(*fakeHub) []http.HandlerFunc {
			return []http.HandlerFunc{partial(other, 100_000, hangUp)}
		}, []string{"", "bytes=100000-", ""}, ""},
		{"wrong bytes", func(*fakeHub) []http.HandlerFunc {
			return []http.HandlerFunc{partial(other, len(other), func(*http.Request) {})}
		}, []string{""}, fmt.Sprintf("its checksum is %x, and should be", sha256.Sum256(other))},
		{"too long", func(*fakeHub) []http.HandlerFunc { return []http.HandlerFunc{longer} }, []string{""}, "sends more than the 300000 bytes"},
	} {
		t.Run(c.name, downloadtest.InBubble(func(t *testing.T) {
			h := newHub(t)
			h.faults["model.safetensors"] = c.faults(h)
			client := h.client(t)
			client.download.Stall = 200 * time.Millisecond
			folder, err := get(t.Context(), client)
			var asked []string
			for _, line := range h.asked {
				if rest, ok := strings.CutPrefix(line, "GET /model.safetensors"); ok {
					asked = append(asked, strings.TrimSpace(rest))
				}
			}
			if got, want := fmt.Sprintf("%q", asked), fmt.Sprintf("%q", c.asked); got != want {
				t.Errorf("the store was asked for %s, not %s", got, want)
			}
			if c.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				same(t, h, folder)
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if _, err := os.Stat(filepath.Join(folder, weightsFile)); err == nil {
				t.Error("a file that failed is in the cache")
			}
		}))
	}
}

// TestCancel stops half-way and goes on later, as another process would.
func TestCancel(t *testing.T) { downloadtest.InBubble(testCancel)(t) }

func testCancel(t *testing.T) {
	h := newHub(t)
	weights := h.files[weightsFile]
	h.faults[weightsFile] = []http.HandlerFunc{partial(weights, 120_000, fallSilent)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client := h.client(t)
	client.Progress = func(done, _ int64) {
		if done >= 120_000 {
			cancel()
		}
	}
	start := time.Now()
	folder, err := get(ctx, client)
	if err == nil || ctx.Err() == nil || time.Since(start) > 3*time.Second {
		t.Fatalf("cancelled download ended with %v after %v", err, time.Since(start))
	}
	again := *client
	again.Progress = nil
	if folder, err = get(t.Context(), &again); err != nil {
		t.Fatal(err)
	}
	same(t, h, folder)
	if h.count("GET /model.safetensors bytes=") != 1 {
		t.Errorf("did not go on where it stopped: %q", h.asked)
	}
}

// TestTogether lets several clients with one cache download at once: each file travels once.
func TestTogether(t *testing.T) {
	h := newHub(t)
	client := h.client(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			folder, err := get(t.Context(), client)
			if err != nil {
				t.Error(err)
				return
			}
			same(t, h, folder)
		})
	}
	all.Wait()
	if n := h.count("GET /model.safetensors"); n != 1 {
		t.Errorf("weights were downloaded %d times", n)
	}
	if n := h.count("HEAD "); n != len(wanted)+1 {
		t.Errorf("%d files were asked about, want %d", n, len(wanted)+1)
	}
}

func TestProgress(t *testing.T) {
	h := newHub(t)
	client := h.client(t)
	l, err := client.Describe(t.Context(), reference)
	if err != nil {
		t.Fatal(err)
	}
	var before, last, total int64
	client.Progress = func(done, all int64) {
		if done < last {
			before = last
		}
		last, total = done, all
	}
	if err := client.Download(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if want := int64(300_000 + len(h.files["tokenizer.json"])); before != 0 || last != want || total != want {
		t.Errorf("progress went back from %d and ended at %d of %d, want %d", before, last, total, want)
	}
}
