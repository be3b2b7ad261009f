package pipeline

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/pipeline/objects"
	"github.com/ferry-clir/ferry/pipeline/objects/objectstest"
)

// upload puts texts into a store, by name.
func upload(t testing.TB, address string, texts map[string]string) {
	t.Helper()
	a, err := objects.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	s, err := objects.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, text := range texts {
		if err := s.Put(t.Context(), name, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestInputsInStores reads what lies in a bucket as if it lay in the pipeline's folder: the same bytes come out. Another user, with
// caches elsewhere, finds what was made in the store; what has changed is got again, and nothing else.
func TestInputsInStores(t *testing.T) {
	alone, file := badText(t)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile(filepath.Join(alone, "own.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	server := objectstest.Serve(t)
	upload(t, server.Address("in"), map[string]string{"a/own.jsonl": string(own), "a/other.txt": "x"})
	gets := 0
	server.Break(func(r *http.Request) objectstest.Fault {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/in/") {
			gets++
		}
		return objectstest.None
	})
	user := func(name string, want, made int) {
		t.Helper()
		t.Setenv("FERRY_CACHE", filepath.Join(alone, "cache of "+name))
		folder, file := badText(t)
		if err := os.Remove(filepath.Join(folder, "own.jsonl")); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		put(t, file, strings.Replace(string(text), "path: own.jsonl", `path: "`+server.Address("in/a/*.jsonl")+`"`, 1))
		var o order
		gets = 0
		if err := run(t.Context(), t, withStore(t, file, server.Address("p")), Options{Reporter: &o}); err != nil {
			t.Fatal(err)
		}
		if gets != want || len(madeAny(&o)) != made {
			t.Errorf("%s gets %d objects and makes %q", name, gets, o.told)
		}
		if want, got := outputs(t, alone), outputs(t, folder); len(own) > 0 {
			compare(t, got, want)
		}
	}
	user("one", 1, 6)
	user("one", 0, 0)
	user("two", 1, 0)
	time.Sleep(1100 * time.Millisecond) // by which such servers tell times
	own = append(own, "{\"id\": \"new\", \"text\": \"noon\"}\n"...)
	upload(t, server.Address("in"), map[string]string{"a/own.jsonl": string(own)})
	own = nil
	user("one", 1, 6)
}

// TestInputsGone has an object of a pattern removed from its bucket: the copy of it is not read any more.
func TestInputsGone(t *testing.T) {
	server := objectstest.Serve(t)
	line := func(id string) string { return `{"id": "` + id + `", "text": "noon"}` + "\n" }
	upload(t, server.Address("in"), map[string]string{"a/one.jsonl": line("1"), "a/two.jsonl": line("2"), "b/three.jsonl": line("3")})
	t.Setenv("FERRY_CACHE", t.TempDir())
	file := filepath.Join(t.TempDir(), "pipeline.yaml")
	put(t, file, `
sources:
  all: {kind: jsonl, table: documents, path: "`+server.Address("in/*/*.jsonl")+`", language: en}
sinks:
  all: {kind: parquet, from: all, path: out/all.parquet}
`)
	for _, want := range []int64{3, 2} {
		var e events
		record := &Record{}
		if err := run(t.Context(), t, file, Options{Reporter: &e, Record: record}); err != nil || record.Rows != want {
			t.Errorf("%d rows are read, want %d: %v", record.Rows, want, err)
		}
		a, err := objects.Parse(server.Address("in"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := objects.Open(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Remove(t.Context(), "a/two.jsonl"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOutputsInStores writes to a bucket what else is written to a folder, with the manifest last.
func TestOutputsInStores(t *testing.T) {
	alone, file := badText(t)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(alone, "out/vectors.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	server := objectstest.Serve(t)
	folder, file := badText(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	put(t, file, strings.Replace(string(text), "path: out/vectors.parquet", `path: "`+server.Address("out/vectors.parquet")+`"`, 1))
	var puts []string
	server.Break(func(r *http.Request) objectstest.Fault {
		if r.Method == http.MethodPut {
			puts = append(puts, r.URL.Path)
		}
		return objectstest.None
	})
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(puts, []string{"/bucket/out/vectors.parquet", "/bucket/out/bad.manifest.json"}) {
		t.Errorf("put are %q", puts)
	}
	if all := server.Everything(t); !strings.Contains(all, "out/vectors.parquet\n"+string(want)) {
		t.Error("other bytes are there")
	}
	if parts := unfinished(t, folder); len(parts) > 0 {
		t.Errorf("left behind: %v", parts)
	}
	server.Break(func(r *http.Request) objectstest.Fault { return objectstest.Refused })
	if err := run(t.Context(), t, file, Options{}); err == nil || !strings.Contains(err.Error(), "sinks.vectors.path: opening the store s3://bucket: permission denied") {
		t.Errorf("a bucket that is closed is told as %v", err)
	}
}

// TestInputNames finds what a path of a bucket means.
func TestInputNames(t *testing.T) {
	t.Setenv("FERRY_CACHE", t.TempDir())
	server := objectstest.Serve(t)
	upload(t, server.Address("m"), map[string]string{"e5/config.json": "{}", "e5/model.safetensors": "x", "e5/1_Pooling/config.json": "{}",
		"e5/pytorch_model.bin": "x", "e5/onnx/model.onnx": "x", "e5-old/config.json": "{}", "t.en-sw": "x", "t.en-hi.gz": "x", "t.README": "x"})
	p := &Pipeline{}
	for name, c := range map[string]struct {
		model bool
		want  []string
	}{
		"m/e5":                  {true, []string{"1_Pooling/config.json", "config.json", "model.safetensors"}},
		"m/e5-old":              {false, []string{"config.json"}},
		"m/t.{source}-{target}": {false, []string{"t.en-hi.gz", "t.en-sw"}},
		"m/t.en-hi":             {false, []string{"t.en-hi.gz"}},
		"m/none":                {false, nil},
	} {
		a, err := objects.Parse(server.Address(name))
		if err != nil {
			t.Fatal(err)
		}
		local, err := p.fetchInput(t.Context(), a, c.model)
		if (err != nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
		if filepath.Base(local) != filepath.Base(name) {
			t.Errorf("%s is read at %s", name, local)
		}
		if !c.model && !strings.HasSuffix(name, "old") {
			local = filepath.Dir(local)
		}
		var got []string
		filepath.WalkDir(local, func(path string, d fs.DirEntry, err error) error {
			if inner, _ := filepath.Rel(local, path); err == nil && d.Type().IsRegular() {
				got = append(got, filepath.ToSlash(inner))
			}
			return nil
		})
		if c.want != nil && !slices.Equal(got, c.want) {
			t.Errorf("%s has %q, want %q", name, got, c.want)
		}
		os.RemoveAll(local)
	}
}

// BenchmarkInputs reads 10,000 objects of a bucket: it gets them, finds that it has them, and runs.
func BenchmarkInputs(b *testing.B) {
	const many = 10_000
	server := objectstest.Serve(b)
	texts := map[string]string{}
	for i := range many {
		texts[fmt.Sprintf("a/%05d.jsonl", i)] = fmt.Sprintf("{\"id\": \"%d\", \"text\": \"noon\"}\n", i)
	}
	upload(b, server.Address("in"), texts)
	b.Setenv("FERRY_CACHE", b.TempDir())
	file := filepath.Join(b.TempDir(), "pipeline.yaml")
	put(b, file, `
sources:
  all: {kind: jsonl, table: documents, path: "`+server.Address("in/a/*.jsonl")+`", language: en}
sinks:
  all: {kind: parquet, from: all, path: out/all.parquet}
`)
	for b.Loop() {
		for _, phase := range []string{"get", "check", "run", "again"} {
			began := time.Now()
			p, err := Load(file, nil, os.LookupEnv)
			if err == nil {
				err = p.Check(b.Context())
			}
			if err == nil && (phase == "run" || phase == "again") {
				err = p.Run(b.Context(), Options{Reporter: &events{}})
			}
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(time.Since(began).Seconds(), phase+"-s")
		}
	}
}
