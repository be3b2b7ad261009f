package sources

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/ferry-clir/ferry/schemas"
)

// TestLongLine puts a line of 10 MB between good ones, in every format.
func TestLongLine(t *testing.T) {
	long := strings.Repeat("0123456789 abcde", 10<<20/16)
	unit := func(source, target string) string {
		return `<tu><tuv xml:lang="en"><seg>` + source + `</seg></tuv><tuv xml:lang="sw"><seg>` + target + "</seg></tuv></tu>\n"
	}
	t.Chdir(t.TempDir())
	write(t, "collections/english_collection.tsv", []byte("1\tone\n2\t"+long+"\r\n3\tthree\n"), 0)
	write(t, "x.en", []byte("one\n"+long+"\nthree\n"), 0)
	write(t, "x.sw", []byte("moja\nmbili\ntatu\n"), 0)
	write(t, "x.tmx.gz", packed(t, "x.tmx.gz", []byte("<tmx>\n"+unit("one", "moja")+unit("two", long)+unit("three", "tatu")+"</tmx>")), 0)
	write(t, "x.jsonl", []byte(`{"id":1,"text":"one"}`+"\n"+`{"id":2,"text":"`+long+`"}`+"\n"+`{"id":3,"text":"three"}`), 0)
	write(t, "x.run", []byte("1 Q0 d1 1 1 x\n1 Q0 "+long+" 2 1 x\n1 Q0 d3 3 1 x"), 0)
	mmarco := NewMMARCO()
	mmarco.Path, mmarco.Documents = ".", []string{"en"}
	moses, tmx := NewBitext(), NewBitext()
	moses.Path, moses.Languages = []schemas.Path{"x"}, []string{"en", "sw"}
	tmx.Path, tmx.Languages = []schemas.Path{"x.tmx.gz"}, []string{"en", "sw"}
	jsonl := NewJSONL()
	jsonl.Path, jsonl.Language = []schemas.Path{"x.jsonl"}, "en"
	trec := NewTREC()
	trec.Run = "x.run"
	for _, c := range []struct {
		source source
		table  string
		line   int64
		offset int64
	}{
		{mmarco, "documents", 2, 6},
		{moses, "pairs", 2, 4},
		{tmx, "pairs", 3, 95},
		{jsonl, "documents", 2, 22},
		{trec, "hits", 2, 14},
	} {
		r := read(t, c.source, c.table)
		if r.err != nil || len(r.rows) != 2 || len(r.rejected) != 1 {
			t.Errorf("%T: %d rows, %d rejected, %v", c.source, len(r.rows), len(r.rejected), r.err)
			continue
		}
		x := r.rejected[0]
		if x.Reason != lineTooLong || x.Line != c.line || x.Offset != c.offset || len(x.Raw) != maxRaw {
			t.Errorf("%T: rejected with %s at line %d, offset %d, %d raw bytes", c.source, x.Reason, x.Line, x.Offset, len(x.Raw))
		}
	}
}

// TestBomb reads 64 MB of zeros that take 64 kB on the disk, in each kind of compression, as lines and as XML.
func TestBomb(t *testing.T) {
	zeros := bytes.Repeat([]byte("0"), 64<<20)
	t.Chdir(t.TempDir())
	write(t, "bomb.tsv.gz", packed(t, "x.gz", zeros), 0)
	write(t, "bomb.tsv.zst", packed(t, "x.zst", zeros), 0)
	write(t, "bomb.tsv.zip", zipped(t, []txtar.File{{Name: "bomb.tsv", Data: zeros}}), 0)
	write(t, "bomb.tmx.gz", packed(t, "x.gz", append([]byte("<tmx>"), zeros...)), 0)
	for _, name := range []string{"bomb.tsv.gz", "bomb.tsv.zst", "bomb.tsv.zip", "bomb.tmx.gz"} {
		b := NewBitext()
		b.Path, b.Languages = []schemas.Path{schemas.Path(name)}, []string{"en", "sw"}
		err := b.Read(context.Background(), "pairs", schemas.Output{Allocator: nil, Reject: func(schemas.Rejected) error { return nil }, Drop: func(string, int64) {}})
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "expands to more than 200 times") {
			t.Errorf("%s: %v", name, err)
		}
		rejected := 0 // as one long line, once the pipeline allows it
		err = b.Read(context.Background(), "pairs", schemas.Output{MaxExpansion: 1 << 20, Reject: func(schemas.Rejected) error { rejected++; return nil }, Drop: func(string, int64) {}})
		if isXML := strings.Contains(name, "tmx"); isXML != (err != nil) || err != nil && strings.Contains(err.Error(), "expands") || !isXML && rejected != 1 {
			t.Errorf("%s with a greater max_expansion: %d rejected, %v", name, rejected, err)
		}
	}
}

// TestBatches checks where batches end: at 1024 rows, or at 16 MiB.
func TestBatches(t *testing.T) {
	t.Chdir(t.TempDir())
	var many, wide bytes.Buffer
	for i := range 3000 {
		fmt.Fprintf(&many, "%d\ttext %d\n", i, i)
	}
	megabyte := strings.Repeat("x", 1<<20-16)
	for i := range 40 {
		fmt.Fprintf(&wide, "%d\t%s\n", i, megabyte)
	}
	m := NewMMARCO()
	m.Path, m.Documents = ".", []string{"en"}
	for _, c := range []struct {
		content []byte
		want    []int64
	}{{many.Bytes(), []int64{1024, 1024, 952}}, {wide.Bytes(), []int64{17, 17, 6}}} {
		write(t, "collections/english_collection.tsv", c.content, 0)
		r := read(t, m, "documents")
		if r.err != nil || !slices.Equal(r.batches, c.want) {
			t.Errorf("batches of %v rows, want %v; %v", r.batches, c.want, r.err)
		}
		cancelled(t, m, "documents", r)
	}
}

// TestRejectStops checks that the error with which a spent budget answers ends reading.
func TestRejectStops(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "collections/english_collection.tsv", []byte("a\nb\nc\n"), 0)
	m := NewMMARCO()
	m.Path, m.Documents = ".", []string{"en"}
	calls := 0
	err := m.Read(context.Background(), "documents", schemas.Output{Reject: func(schemas.Rejected) error { calls++; return os.ErrClosed }, Drop: func(string, int64) {}})
	if err != os.ErrClosed || calls != 1 {
		t.Errorf("%d rows rejected, %v", calls, err)
	}
}

// TestTruncatedGzip cuts a compressed file at many places: always an error that names it, never a partial line.
func TestTruncatedGzip(t *testing.T) {
	t.Chdir(t.TempDir())
	var text bytes.Buffer
	for i := range 5000 {
		fmt.Fprintf(&text, "%d\tsentence number %d, ends here.\n", i, i*i)
	}
	for _, name := range []string{"english_collection.tsv.gz", "english_collection.tsv.zst"} {
		whole := packed(t, name, text.Bytes())
		for cut := 1; cut < len(whole)-5; cut += len(whole)/20 + 1 {
			write(t, filepath.Join("collections", name), whole, cut)
			m := NewMMARCO()
			m.Path, m.Documents = ".", []string{"en"}
			r := read(t, m, "documents")
			if r.err == nil || !strings.Contains(r.err.Error(), name) {
				t.Fatalf("%s without its last %d bytes: %v", name, cut, r.err)
			}
			for _, row := range r.rows {
				if !strings.HasSuffix(row[3], "ends here.") {
					t.Fatalf("%s without its last %d bytes gives a row %q", name, cut, row)
				}
			}
		}
		os.Remove(filepath.Join("collections", name))
	}
}
