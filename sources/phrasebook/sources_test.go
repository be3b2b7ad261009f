package phrasebook_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sources"
	"github.com/ferry-clir/ferry/sources/phrasebook"
)

// The ordinary sources read every corpus, and reject no row of it.
func TestSourcesReadEveryCorpus(t *testing.T) {
	dir := t.TempDir()
	for _, corpus := range phrasebook.Corpora() {
		if err := phrasebook.Write(context.Background(), filepath.Join(dir, corpus), corpus); err != nil {
			t.Fatal(err)
		}
	}
	at := func(path string) schemas.Path { return schemas.Path(filepath.Join(dir, path)) }
	mtop := sources.NewMTOP()
	mtop.Path, mtop.Documents, mtop.Queries = at("mtop"), []string{"en"}, []string{"en", "de", "es", "sw", "hi", "th"}
	bitext := sources.NewBitext()
	bitext.Path = []schemas.Path{at("bitext/phrasebook.{source}-{target}")}
	bitext.Languages = []string{"en", "de", "es", "sw", "hi", "th"}
	wikiclir := sources.NewWikiCLIR()
	wikiclir.Path, wikiclir.Documents, wikiclir.Queries = at("wikiclir"), []string{"de", "es", "sw", "hi", "th"}, []string{"en"}
	mmarco := sources.NewMMARCO()
	mmarco.Path, mmarco.Documents, mmarco.Queries = at("mmarco"), []string{"en", "th"}, []string{"sw", "hi"}
	train := sources.NewMMARCO()
	train.Path, train.Split, train.Documents, train.Queries = at("mmarco"), "train", []string{"en"}, []string{"en"}

	for _, c := range []struct {
		name   string
		source interface {
			Read(ctx context.Context, table string, out schemas.Output) error
		}
		table string
		rows  int64 // at least
	}{
		{"mtop", mtop, "documents", 350}, {"mtop", mtop, "queries", 6 * 350}, {"mtop", mtop, "judgments", 2000},
		{"bitext", bitext, "pairs", 5 * 700},
		{"wikiclir", wikiclir, "documents", 5 * 75}, {"wikiclir", wikiclir, "queries", 75}, {"wikiclir", wikiclir, "judgments", 5 * 300},
		{"mmarco", mmarco, "documents", 2 * 300}, {"mmarco", mmarco, "queries", 2 * 150}, {"mmarco", mmarco, "judgments", 150},
		{"mmarco train", train, "queries", 300}, {"mmarco train", train, "judgments", 300}, {"mmarco train", train, "triples", 1200},
	} {
		t.Run(c.name+" "+c.table, func(t *testing.T) {
			allocator := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer allocator.AssertSize(t, 0)
			var rows int64
			err := c.source.Read(context.Background(), c.table, schemas.Output{
				Allocator: allocator,
				Emit:      func(b arrow.RecordBatch) error { rows += b.NumRows(); return nil },
				Reject:    func(r schemas.Rejected) error { t.Errorf("rejected %+v", r); return nil },
				Drop:      func(reason string, n int64) { t.Errorf("dropped %d: %s", n, reason) },
			})
			if err != nil {
				t.Fatal(err)
			}
			if rows < c.rows {
				t.Errorf("%d rows, want at least %d", rows, c.rows)
			}
		})
	}
}
