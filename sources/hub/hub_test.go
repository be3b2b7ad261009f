package hub

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for reference, want := range map[string]Model{
		"hf://intfloat/multilingual-e5-small": {"intfloat", "multilingual-e5-small", "main"},
		"hf://a/b.c_d-e@" + commit:            {"a", "b.c_d-e", commit},
		"hf://a/b@refs/pr/1":                  {"a", "b", "refs/pr/1"},
		"hf://a":                              {}, "hf://a/b@": {}, "hf://a/b/c": {}, "hf:///b": {}, "hf://../b": {}, "hf://a/..": {}, "hf://a/b@../../c": {},
		"hf://a/b c": {}, "hf://a/b?x": {}, "s3://a/b": {}, "a/b": {}, "": {}, "hf://a/b@c@d": {}, "hf://a/b\n": {},
	} {
		got, err := Parse(reference)
		if got != want || (err == nil) != (want != Model{}) {
			t.Errorf("%q reads as %v, %v", reference, got, err)
		}
	}
}

func TestEndpoint(t *testing.T) {
	for endpoint, ok := range map[string]bool{
		"": true, "https://hub.example/models": true, "http://127.0.0.1:8080": true, "http://localhost": true, "http://[::1]:1": true,
		"http://hub.example": false, "hub.example": false, "ftp://127.0.0.1": false, "https://user:word@hub.example": false, "https://": false,
	} {
		t.Setenv("HF_ENDPOINT", endpoint)
		if _, err := New(false); (err == nil) != ok {
			t.Errorf("HF_ENDPOINT=%s: %v", endpoint, err)
		}
	}
}

// TestToken makes sure that the token reaches the hub and nobody else, on the way back to the hub's store neither.
func TestToken(t *testing.T) {
	h := newHub(t)
	var seen []string
	h.before = func(_ http.ResponseWriter, r *http.Request) {
		h.mutex.Lock()
		defer h.mutex.Unlock()
		seen = append(seen, r.Header.Get("Authorization"))
	}
	h.faults[weightsFile] = []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/model.safetensors?again", http.StatusTemporaryRedirect)
	}}
	if _, err := get(t.Context(), h.client(t)); err != nil {
		t.Fatal(err)
	}
	for _, secret := range seen {
		if secret != "Bearer "+token {
			t.Errorf("the hub was sent %q", secret)
		}
	}
	if len(h.secrets) > 0 || h.count("GET /model.safetensors") != 2 {
		t.Errorf("the store was sent %q in %q", h.secrets, h.asked)
	}
}

// TestRefusals are answers that end a download, with the words they end with.
func TestRefusals(t *testing.T) {
	without := func(file string) func(h *fakeHub) { return func(h *fakeHub) { delete(h.files, file) } }
	answer := func(code int, reason string) func(h *fakeHub) {
		return func(h *fakeHub) {
			h.before = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Error-Code", reason)
				w.WriteHeader(code)
			}
		}
	}
	send := func(to string) func(h *fakeHub) {
		return func(h *fakeHub) {
			h.before = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
		}
	}
	for want, arrange := range map[string]func(h *fakeHub){
		"hf://intfloat/tiny@main has no config.json":                    without("config.json"),
		"hf://intfloat/tiny@main has no tokenizer.json":                 without("tokenizer.json"),
		"hf://intfloat/tiny@main has no model.safetensors":              without("model.safetensors"),
		"set HF_TOKEN to a token that may read it":                      answer(401, ""),
		"403 Forbidden: the model is private or gated":                  answer(403, "GatedRepo"),
		"the hub has no such model or revision":                         answer(404, "RepoNotFound"),
		"the server redirects to http://hub.example, which is not safe": send("http://hub.example/x"),
		"the server redirects to file://, which is not safe":            send("file:///etc/passwd"),
		"the server redirects more than 10 times":                       send("/loop"),
		"the hub gives it no ETag":                                      answer(200, ""),
		`it names "../escape.safetensors" as a file of weights`: func(h *fakeHub) {
			delete(h.files, weightsFile)
			h.files[shardsFile] = []byte(`{"weight_map": {"x": "../escape.safetensors"}}`)
		},
		"it has 16777217 bytes, more than JSON of a model should": func(h *fakeHub) {
			h.files["modules.json"] = make([]byte, largest+1)
		},
	} {
		h := newHub(t)
		arrange(h)
		_, err := get(t.Context(), h.client(t))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), token) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
}

// TestOffline asks twice; the second time there is no hub.
func TestOffline(t *testing.T) {
	h := newHub(t)
	client := h.client(t)
	first, err := client.Describe(t.Context(), reference)
	if err != nil {
		t.Fatal(err)
	}
	if h.count("GET /model") != 0 || h.count("tokenizer.json") != 1 {
		t.Errorf("describing downloads more than small files: %q", h.asked)
	}
	if info, err := fs.Stat(first.FS(), weightsFile); err != nil || info.Size() != 300_000 {
		t.Errorf("the listing says of the weights %v, %v", info, err)
	}
	if _, err := fs.Stat(first.FS(), "vocab.txt"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the listing says of a file that is not there %v", err)
	}
	listing, _ := os.ReadFile(first.Paths()[0])
	if err := client.Download(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	h.Close()
	h.store.Close()
	folder, err := get(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	same(t, h, folder)
	if again, _ := os.ReadFile(first.Paths()[0]); string(again) != string(listing) {
		t.Error("downloading has changed the listing")
	}
}

// TestPinned follows what is asked: the revision as written once, for the first file, and then the commit that it stood
// for, so that a branch that moves meanwhile does not mix two models.
func TestPinned(t *testing.T) {
	h := newHub(t)
	client := h.client(t)
	for _, revision := range []string{"main", "refs/pr/1"} {
		asked := len(h.asked)
		l, err := client.Describe(t.Context(), Model{owner, name, revision})
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Download(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		for i, line := range h.asked[asked:] {
			if pinned := strings.Contains(line, "/resolve/"+commit); strings.Contains(line, "/resolve/") && pinned != (i > 0) {
				t.Errorf("%s: request %d is %q", revision, i, line)
			}
		}
		if l.Commit != commit {
			t.Errorf("%s is at %s", revision, l.Commit)
		}
	}
	if _, err := client.Describe(t.Context(), Model{owner, name, "nowhere"}); err == nil || !strings.Contains(err.Error(), "no such model or revision") {
		t.Errorf("unknown revision: %v", err)
	}
}

func TestShards(t *testing.T) {
	h := newHub(t)
	delete(h.files, weightsFile)
	h.files["model-00001-of-00002.safetensors"] = noise(1000)
	h.files["model-00002-of-00002.safetensors"] = noise(2000)
	h.files[shardsFile] = []byte(`{"weight_map": {"a": "model-00002-of-00002.safetensors", "b": "model-00001-of-00002.safetensors", "c": "model-00002-of-00002.safetensors"}}`)
	folder, err := get(t.Context(), h.client(t))
	if err != nil {
		t.Fatal(err)
	}
	same(t, h, folder)
}

// TestPlainServer downloads from a web server whose ETags are no sums, and notices when a file changes.
func TestPlainServer(t *testing.T) {
	h := newHub(t)
	version := "1"
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file := strings.TrimPrefix(r.URL.Path, "/intfloat/tiny/resolve/main/")
		if _, ok := h.files[file]; !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Etag", `"v`+version+`"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(h.files[file])))
	}))
	defer plain.Close()
	for _, v := range []string{"1", "2"} {
		client := h.client(t)
		client.endpoint.Host = strings.TrimPrefix(plain.URL, "http://")
		version = "1"
		l, err := client.Describe(t.Context(), reference)
		if err != nil {
			t.Fatal(err)
		}
		version = v
		switch err = client.Download(t.Context(), l); {
		case v == "1" && err != nil:
			t.Fatal(err)
		case v == "1":
			same(t, h, l.folder)
		case err == nil || !strings.Contains(err.Error(), "changed since it was listed; remove "+l.folder):
			t.Errorf("a file that changed gives %v", err)
		}
	}
}
