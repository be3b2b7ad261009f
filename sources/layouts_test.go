package sources

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"
	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"
)

// kinds are all kinds that read tables, with their defaults.
func kinds() map[string]func() source {
	return map[string]func() source{
		"bitext":   func() source { return NewBitext() },
		"mtop":     func() source { return NewMTOP() },
		"wikiclir": func() source { return NewWikiCLIR() },
		"mmarco":   func() source { return NewMMARCO() },
		"jsonl":    func() source { return NewJSONL() },
		"text":     func() source { return NewText() },
		"parquet":  func() source { return NewParquet() },
		"beir":     func() source { return NewBEIR() },
		"trec":     func() source { return NewTREC() },
	}
}

// A layout is one file of testdata/layouts: how a source is configured, the files it reads, and what must come of them.
//
// The files are written with the escapes \t, \r, \xHH, and \c for no line end at the end. Those whose names end in .gz
// or .zst are compressed, those below a.zip/ or a.tar.gz/ put into an archive; cut takes bytes off the end of the result. The file
// want lists the rows, values separated by " | ", then `! path:line reason: detail` for each rejected row, `- reason
// count` for those dropped, and `error: ...` if reading ends with one, `mistake: ...` for those of the configuration.
type layout struct {
	Kind   string         `yaml:"kind"`
	Table  string         `yaml:"table"`
	Config yaml.Node      `yaml:"config"`
	Lines  int            `yaml:"lines"` // rows in, which must be the rows out, dropped and rejected
	Cut    map[string]int `yaml:"cut"`
	want   string
}

func TestLayouts(t *testing.T) {
	files, err := filepath.Glob("testdata/layouts/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no layouts", err)
	}
	counted := map[string]bool{}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			l := unpack(t, archive)
			s := configured(t, l)
			counted[l.Kind] = counted[l.Kind] || l.Lines > 0
			conform(t, s, l)
		})
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds())) {
		if kind != "parquet" && !counted[kind] { // parquet_test.go counts its rows
			t.Errorf("no layout counts the rows of %s", kind)
		}
	}
}

// conform checks what a layout wants, and what every kind must keep.
func conform(t *testing.T, s source, l layout) {
	got := ""
	for _, mistake := range s.Validate() {
		got += "mistake: " + mistake.Error() + "\n"
	}
	if got == "" {
		r := readLayout(t, s, l.Table, 1)
		got = printed(r)
		inPieces(t, 7)
		if again := readLayout(t, s, l.Table, 3); !reflect.DeepEqual(r, again) {
			t.Errorf("a second reading, in pieces of 7 bytes by 3 workers, gives %s\nthe first gave %s", printed(again), got)
		}
		if in := len(r.rows) + int(r.count()); l.Lines > 0 && in != l.Lines {
			t.Errorf("of %d rows, %d were emitted, dropped or rejected", l.Lines, in)
		}
		cancelled(t, s, l.Table, r)
	}
	if got != l.want {
		t.Errorf("got:\n%s\nwant:\n%s", got, l.want)
	}
}

// readLayout reads a table after its files have been listed.
func readLayout(t *testing.T, s source, table string, workers int) *result {
	files, err := s.Files()
	if err != nil {
		return &result{err: err}
	}
	if !slices.IsSorted(files) {
		t.Errorf("files are not sorted: %v", files)
	}
	return readWith(t, context.Background(), s, table, workers, nil)
}

// cancelled checks that reading ends with the cancellation, before it starts and after the first batch.
func cancelled(t *testing.T, s source, table string, whole *result) {
	if whole.err != nil {
		return
	}
	reason := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	if len(whole.batches) > 0 {
		r := readWith(t, ctx, s, table, 1, func() { cancel(reason) })
		if !errors.Is(r.err, reason) || len(r.batches) != 1 {
			t.Errorf("cancelled after the first batch: %d batches, %v", len(r.batches), r.err)
		}
	}
	cancel(reason)
	if r := readWith(t, ctx, s, table, 2, nil); !errors.Is(r.err, reason) || len(r.rows) > 0 {
		t.Errorf("cancelled before: %d rows, %v", len(r.rows), r.err)
	}
}

// printed is a result in the form of the file want.
func printed(r *result) string {
	var b strings.Builder
	for _, row := range r.rows {
		fmt.Fprintln(&b, strings.Join(row, " | "))
	}
	for _, x := range r.rejected {
		line := fmt.Sprintf("! %s:%d %s: %s", filepath.ToSlash(x.Path), x.Line, x.Reason, x.Detail)
		fmt.Fprintln(&b, strings.TrimSuffix(line, ": "))
	}
	for _, reason := range slices.Sorted(maps.Keys(r.dropped)) {
		fmt.Fprintf(&b, "- %s %d\n", reason, r.dropped[reason])
	}
	if r.err != nil {
		fmt.Fprintf(&b, "error: %s\n", r.err)
	}
	return b.String()
}

// unpack writes a layout's files into a folder of their own and goes there.
func unpack(t *testing.T, archive *txtar.Archive) layout {
	var l layout
	if err := yaml.Unmarshal(archive.Comment, &l); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	zips, tars := map[string][]txtar.File{}, map[string][]txtar.File{}
	for _, f := range archive.Files {
		data := unescape(f.Data)
		folder, inside, zipped := strings.Cut(f.Name, ".zip/")
		tarFolder, tarInside, tarred := strings.Cut(f.Name, ".tar.gz/")
		switch {
		case f.Name == "want":
			l.want = string(data)
		case tarred:
			tars[tarFolder+".tar.gz"] = append(tars[tarFolder+".tar.gz"], txtar.File{Name: tarInside, Data: data})
		case zipped:
			zips[folder+".zip"] = append(zips[folder+".zip"], txtar.File{Name: inside, Data: data})
		default:
			write(t, f.Name, packed(t, f.Name, data), l.Cut[f.Name])
		}
	}
	for name, files := range zips {
		write(t, name, zipped(t, files), l.Cut[name])
	}
	for name, files := range tars {
		write(t, name, packed(t, name, tarred(t, files)), l.Cut[name])
	}
	return l
}

func configured(t *testing.T, l layout) source {
	make := kinds()[l.Kind]
	if make == nil {
		t.Fatalf("there is no kind %q", l.Kind)
	}
	s := make()
	if err := l.Config.Decode(s); err != nil {
		t.Fatal(err)
	}
	return s
}

var escape = regexp.MustCompile(`\\(t|r|c\n$|x[0-9a-f]{2})`)

func unescape(data []byte) []byte {
	return escape.ReplaceAllFunc(data, func(e []byte) []byte {
		switch e[1] {
		case 't':
			return []byte("\t")
		case 'r':
			return []byte("\r")
		case 'c':
			return nil
		}
		b, _ := strconv.ParseUint(string(e[2:]), 16, 8)
		return []byte{byte(b)}
	})
}

func write(t testing.TB, name string, data []byte, cut int) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data[:len(data)-cut], 0o644); err != nil {
		t.Fatal(err)
	}
}

// packed compresses data as its name says.
func packed(t testing.TB, name string, data []byte) []byte {
	var b bytes.Buffer
	var err error
	switch filepath.Ext(name) {
	case ".gz":
		w := gzip.NewWriter(&b)
		_, err = w.Write(data)
		w.Close()
	case ".zst":
		w, _ := zstd.NewWriter(&b)
		_, err = w.Write(data)
		w.Close()
	default:
		return data
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t testing.TB, files []txtar.File) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		entry, err := w.Create(f.Name)
		if err == nil {
			_, err = entry.Write(f.Data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	return b.Bytes()
}

func tarred(t testing.TB, files []txtar.File) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.Name, Mode: 0o644, Size: int64(len(f.Data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	return b.Bytes()
}
