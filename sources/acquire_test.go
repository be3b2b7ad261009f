package sources

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sources/download"
)

// TestCatalogue looks for rows that could not be downloaded, or would be to where they may not lie.
func TestCatalogue(t *testing.T) {
	address := regexp.MustCompile(`^https://[a-z0-9.-]+/[A-Za-z0-9_.{}/~-]+$`)
	sum := regexp.MustCompile(`^(md5:[0-9a-f]{32}|sha256:[0-9a-f]{64})?$`)
	seen := map[string]bool{}
	for _, p := range Catalogue() {
		switch {
		case seen[p.Path()]:
			t.Errorf("%s %s stands there twice", p.Set, p.File)
		case !address.MatchString(p.URL) || !sum.MatchString(p.Sum) || p.Licence == "":
			t.Errorf("%s %s: %+v", p.Set, p.File, p)
		case !filepath.IsLocal(p.Set) || !filepath.IsLocal(p.File):
			t.Errorf("%s %s leads out of the cache", p.Set, p.File)
		case p.Sum != "" && p.Size == 0:
			t.Errorf("%s %s has a sum and no size", p.Set, p.File)
		}
		seen[p.Path()] = true
	}
}

// mirror serves copies of published files, by address without https://, and gives each row of the catalogue the size
// and sum of its copy. The map counts requests.
func mirror(t *testing.T, copies map[string][]byte) map[string]int {
	asked := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := copies[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		asked[strings.TrimPrefix(r.URL.Path, "/")]++
		w.Write(content)
	}))
	t.Cleanup(s.Close)
	t.Setenv("FERRY_MIRROR", s.URL+"/")
	t.Setenv("FERRY_CACHE", t.TempDir())
	before := catalogue
	t.Cleanup(func() { catalogue = before })
	catalogue = slices.Clone(catalogue)
	for i, p := range catalogue {
		if content, ok := copies[strings.TrimPrefix(p.URL, "https://")]; ok && p.Sum != "" {
			catalogue[i].Size, catalogue[i].Sum = int64(len(content)), fmt.Sprintf("md5:%x", md5.Sum(content))
		}
	}
	return asked
}

type downloaded interface {
	source
	Published() []Published
}

// acquire downloads what a source misses, twice, and makes sure that it lists its files before and after.
func acquire(t *testing.T, s downloaded) {
	t.Helper()
	if found := s.Validate(); len(found) > 0 {
		t.Fatal(found)
	}
	before, err := s.Files()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, p := range s.Published() {
			if err := Acquire(t.Context(), p, func(int64, int64) {}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	after, err := s.Files()
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("files are %v before and %v after, %v", before, after, err)
	}
	if left := Missing(s.Published()); len(left) > 0 {
		t.Errorf("still missing: %v", left)
	}
}

// TestDownload downloads each kind's files and reads them as any others.
func TestDownload(t *testing.T) {
	const marco = "huggingface.co/datasets/unicamp-dl/mmarco/resolve/main/data/"
	asked := mirror(t, map[string][]byte{
		marco + "google/collections/german_collection.tsv":                                          []byte("1\teins\n2\tzwei\n"),
		marco + "google/queries/dev/hindi_queries.dev.tsv":                                          []byte("7\tएक\n"),
		marco + "google/queries/dev/english_queries.dev.tsv":                                        []byte("7\tone\n"),
		marco + "qrels.dev.small.tsv":                                                               []byte("7\t0\t1\t1\n"),
		"dl.fbaipublicfiles.com/mtop/mtop.zip":                                                      zipped(t, []txtar.File{{Name: "mtop/en/eval.txt", Data: []byte("1\tIN:A\t\tone\td\ten_XX\t[IN:A one ]\t{}\n")}}),
		"www.cs.jhu.edu/~kevinduh/a/wikiclir2018/wiki-clir.tar.gz":                                  packed(t, ".gz", tarred(t, []txtar.File{{Name: "wiki-clir/german/wiki_de.documents", Data: []byte("d1\tEins\tDie Eins.\n")}, {Name: "wiki-clir/german/en2de.rel", Data: []byte("q1 d1 2\n")}})),
		"object.pouta.csc.fi/OPUS-TED2020/v1/moses/de-en.txt.zip":                                   zipped(t, []txtar.File{{Name: "README"}, {Name: "TED2020.de-en.de", Data: []byte("eins\n")}, {Name: "TED2020.de-en.en", Data: []byte("one\n")}}),
		"object.pouta.csc.fi/OPUS-TED2020/v1/moses/en-sw.txt.zip":                                   zipped(t, []txtar.File{{Name: "TED2020.en-sw.sw", Data: []byte("moja\n")}, {Name: "TED2020.en-sw.en", Data: []byte("one\n")}}),
		"object.pouta.csc.fi/OPUS-TED2020/v1/tmx/en-sw.tmx.gz":                                      packed(t, ".gz", []byte(`<tmx><body><tu><tuv xml:lang="en"><seg>one</seg></tuv><tuv xml:lang="sw"><seg>moja</seg></tuv></tu></body></tmx>`)),
		"raw.githubusercontent.com/facebookresearch/LASER/main/data/tatoeba/v1/tatoeba.swh-eng.eng": []byte("one\n"),
		"raw.githubusercontent.com/facebookresearch/LASER/main/data/tatoeba/v1/tatoeba.swh-eng.swh": []byte("moja\n"),
		"tico-19.github.io/data/TM/all.en-sw.tmx.zip":                                               zipped(t, []txtar.File{{Name: "all.en-sw.tmx", Data: []byte(`<tmx><body><tu tuid="9"><tuv xml:lang="en"><seg>one</seg></tuv><tuv xml:lang="sw"><seg>moja</seg></tuv></tu></body></tmx>`)}}),
	})
	mmarco := NewMMARCO()
	mmarco.Download, mmarco.Documents, mmarco.Queries = true, []string{"de"}, []string{"en", "hi"}
	mtop := NewMTOP()
	mtop.Download, mtop.Documents = true, []string{"en"}
	wikiclir := NewWikiCLIR()
	wikiclir.Download, wikiclir.Documents, wikiclir.Queries = true, []string{"de"}, nil
	bitext := func(collection string, codes map[string]string, languages ...string) *Bitext {
		b := NewBitext()
		b.Download, b.Collection, b.Codes, b.Languages = true, collection, codes, languages
		return b
	}
	for _, c := range []struct {
		source downloaded
		table  string
		want   string
	}{
		{mmarco, "documents", "de | 1 |  | eins\nde | 2 |  | zwei\n"},
		{mmarco, "queries", "en | 7 | one | []\nhi | 7 | एक | []\n"},
		{mmarco, "judgments", "7 | 1 | 1 | (null) | (null)\n"},
		{mtop, "documents", "en | 1 |  | one | IN:A | \n"},
		{wikiclir, "documents", "de | d1 | Eins | Die Eins.\n"},
		{bitext("opus/TED2020", nil, "en", "de", "sw"), "pairs", "TED2020.de-en.de:1 | en | de | one | eins | TED2020.de-en.de\nTED2020.en-sw.sw:1 | en | sw | one | moja | TED2020.en-sw.sw\n"},
		{bitext("opus-tmx/TED2020", nil, "en", "sw"), "pairs", "en-sw.tmx:1 | en | sw | one | moja | en-sw.tmx\n"},
		{bitext("tatoeba", map[string]string{"en": "eng", "sw": "swh"}, "en", "sw"), "pairs", "tatoeba.swh-eng.swh:1 | en | sw | one | moja | tatoeba.swh-eng.swh\n"},
		{bitext("tico19", nil, "en", "sw"), "pairs", "9 | en | sw | one | moja | all.en-sw.tmx\n"},
	} {
		acquire(t, c.source)
		if got := printed(read(t, c.source, c.table)); got != c.want {
			t.Errorf("%s of %T:\n%swant:\n%s", c.table, c.source, got, c.want)
		}
	}
	for address, n := range asked {
		if n != 1 {
			t.Errorf("%s was downloaded %d times", address, n)
		}
	}
}

// TestWrongCopy refuses a file that is not the published one.
func TestWrongCopy(t *testing.T) {
	p := catalogued("mmarco", "qrels.dev.small.tsv")[0]
	mirror(t, map[string][]byte{strings.TrimPrefix(p.URL, "https://"): bytes.Repeat([]byte("x"), int(p.Size))})
	err := Acquire(t.Context(), p, func(int64, int64) {}, nil)
	if err == nil || !strings.Contains(err.Error(), "its checksum is") || len(Missing([]Published{p})) == 0 {
		t.Errorf("a wrong copy gives %v", err)
	}
	t.Setenv("FERRY_MIRROR", "http://data.example")
	if err := Acquire(t.Context(), p, func(int64, int64) {}, nil); err == nil || !strings.Contains(err.Error(), "FERRY_MIRROR must be an https address") {
		t.Errorf("a mirror without TLS gives %v", err)
	}
}

// TestAcquireWaits waits for whoever downloads from the same data set, says who that is, and gives up when it is told to.
func TestAcquireWaits(t *testing.T) {
	mirror(t, nil)
	p := catalogued("mtop")[0]
	unlock, err := download.Lock(t.Context(), dataFolder(p.Set), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	var told string
	err = Acquire(ctx, p, func(int64, int64) {}, func(owner string) { told = owner; cancel() })
	if !errors.Is(err, context.Canceled) || told != strconv.Itoa(os.Getpid()) {
		t.Errorf("waits for %q, and ends with %v", told, err)
	}
}

// TestDownloadMistakes are configurations for which nothing can be downloaded.
func TestDownloadMistakes(t *testing.T) {
	mmarco := NewMMARCO()
	mmarco.Download, mmarco.Documents = true, []string{"sw"}
	both := NewMTOP()
	both.Download, both.Path, both.Queries = true, "mtop", []string{"en"}
	unknown := NewBitext()
	unknown.Download, unknown.Collection, unknown.Languages = true, "mtop", []string{"en", "sw"}
	without := NewBitext()
	without.Path, without.Collection, without.Languages = append(without.Path, "x"), "tico19", []string{"en", "sw"}
	coded := NewBitext()
	coded.Download, coded.Collection, coded.Languages, coded.Codes = true, "tatoeba", []string{"en", "sw"}, map[string]string{"en": "eng"}
	for want, s := range map[string]source{
		"codes: tatoeba's files have codes of three letters, and sw has two": coded,
		"download: nobody publishes collections/swahili_collection.tsv":      mmarco,
		"path: has nothing to say where download is true":                    both,
		`collection: should be a bitext`:                                     unknown,
		"collection: is what to download, and download is not true":          without,
	} {
		if found := s.Validate(); len(found) != 1 || !strings.HasPrefix(found[0].Error(), want) {
			t.Errorf("%v, want %s", found, want)
		}
	}
}

func TestWeight(t *testing.T) {
	exact, rough, unknown := Published{Size: 3_488_187_566, Sum: "md5:"}, Published{Size: 8_600_000}, Published{}
	for want, files := range map[string][]Published{
		"3.5 GB": {exact}, "about 8.6 MB": {rough}, "unknown size": {unknown}, "about 3.5 GB": {exact, rough}, "more than 8.6 MB": {rough, unknown},
	} {
		if got := Weight(files); got != want {
			t.Errorf("%v weigh %s, want %s", files, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999.9 kB", 999_950: "1.0 MB", 7_036_445_773: "7.0 GB"} {
		if got := SizeText(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

// TestTarBomb refuses an archive that expands without end on the way to what is wanted.
func TestTarBomb(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wiki-clir.tar.gz")
	bomb := packed(t, path, tarred(t, []txtar.File{{Name: "a", Data: make([]byte, 2*expansionFloor)}, {Name: "german/wiki_de.documents", Data: []byte("d\tt\tt\n")}}))
	if err := os.WriteFile(path, bomb, 0o666); err != nil {
		t.Fatal(err)
	}
	w := NewWikiCLIR()
	w.Path, w.Documents = schemas.Path(path), []string{"de"}
	if r := read(t, w, "documents"); r.err == nil || !strings.Contains(r.err.Error(), "expands to more than 200 times its size") {
		t.Errorf("a bomb gives %v", r.err)
	}
}
