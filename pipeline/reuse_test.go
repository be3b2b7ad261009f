package pipeline

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// documentsOf is a batch of documents with the given ids, whose text has so many bytes.
func documentsOf(allocator memory.Allocator, ids []string, bytes int) arrow.RecordBatch {
	b := array.NewRecordBuilder(allocator, schemas.Documents())
	defer b.Release()
	for _, id := range ids {
		for i, v := range []string{"en", id, "", strings.Repeat("a", bytes)} {
			b.Field(i).(*array.StringBuilder).Append(v)
		}
	}
	return b.NewRecordBatch()
}

func numbered(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint("d", i)
	}
	return ids
}

// shardsOf are the ids of each shard that rows fall into, emitted so many at a time.
func shardsOf(ids []string, emitted int) (shards [][]string) {
	now, begun := shard{}, 0
	for from := 0; from < len(ids); from += emitted {
		batch := documentsOf(memory.DefaultAllocator, ids[from:min(from+emitted, len(ids))], 1)
		for at := int64(0); at < batch.NumRows(); {
			to, ends := now.cut(batch, at)
			now.Rows += to - at
			at = to
			if ends {
				shards, begun = append(shards, ids[begun:begun+int(now.Rows)]), begun+int(now.Rows)
				now = shard{Number: now.Number + 1}
			}
		}
		batch.Release()
	}
	return append(shards, ids[begun:])
}

// TestCut cuts the same rows alike however they come, and rows with one more somewhere alike but there.
func TestCut(t *testing.T) {
	ids := numbered(60_000)
	want := shardsOf(ids, 1024)
	if n := len(want); n < 15 || n > 40 {
		t.Errorf("%d rows fall into %d shards", len(ids), n)
	}
	for i, s := range want[:len(want)-1] {
		if most := int(shardRows(i)); len(s) > most || len(s) < most/4 {
			t.Errorf("shard %d has %d rows, %d at most", i, len(s), most)
		}
	}
	for _, emitted := range []int{3, 777, len(ids)} {
		if got := shardsOf(ids, emitted); !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("emitted %d at a time, the shards are others", emitted)
		}
	}
	for _, at := range []int{0, 100, 30_000, 59_999} {
		kept := 0
		for _, s := range shardsOf(slices.Insert(slices.Clone(ids), at, "new"), 1024) {
			if slices.ContainsFunc(want, func(w []string) bool { return slices.Equal(w, s) }) {
				kept++
			}
		}
		if changed := len(want) - kept; at >= 30_000 && changed > 2 || changed > 16 {
			t.Errorf("with a row more at %d, %d of %d shards are others", at, changed, len(want))
		}
	}
}

// TestRebatch puts rows together alike however they come: 1024 of them, or as many as have 16 MiB.
func TestRebatch(t *testing.T) {
	allocator := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer allocator.AssertSize(t, 0)
	for _, c := range []struct {
		bytes, rows int
		want        string
	}{{1, 2500, "[1024 1024 452]"}, {1 << 20, 40, "[16 16 8]"}, {20 << 20, 3, "[1 1 1]"}} {
		for _, emitted := range []int{1, 7, 1024, c.rows} {
			var sizes []int64
			var ids []string
			r := rebatcher{allocator: allocator, yield: func(b arrow.RecordBatch) bool {
				sizes = append(sizes, b.NumRows())
				for i := range int(b.NumRows()) {
					ids = append(ids, b.Column(1).ValueStr(i))
				}
				return true
			}}
			all := numbered(c.rows)
			for part := range slices.Chunk(all, emitted) {
				batch := documentsOf(allocator, part, c.bytes)
				if more, err := r.add(batch); !more || err != nil {
					t.Fatal(more, err)
				}
				batch.Release()
			}
			if more, err := r.flush(); !more || err != nil {
				t.Fatal(more, err)
			}
			if fmt.Sprint(sizes) != c.want || !slices.Equal(ids, all) {
				t.Errorf("%d rows of %d bytes, emitted %d at a time, become %v, want %s", c.rows, c.bytes, emitted, sizes, c.want)
			}
		}
	}
}

// TestReuse mends rows of a large file, and appends some: what was computed of other rows is not computed again, and the end is
// the same as if the file had always been so.
func TestReuse(t *testing.T) {
	const rows = 30_000
	text := func(bad string, more int) string {
		all := strings.Split(lines(rows+more, "word %d\tneno %d"), "\n")
		if bad != "" {
			all[10], all[20_000] = bad, bad
		}
		return strings.Join(all, "\n")
	}
	pipeline := "name: reuse\nsources:\n  data: {kind: bitext, path: p.tsv, languages: [en, sw]}\nstages:\n  clean: {kind: clean, from: data, collapse_space: true}\n" +
		"  again: {kind: clean, from: clean, normalization: nfc}\nsinks:\n  rows: {kind: parquet, from: again, path: out/rows.parquet}\n"
	folders := map[string]string{}
	for name, content := range map[string]string{"right": text("", 0), "longer": text("", 100), "bad": text("bad", 0)} {
		folders[name] = t.TempDir()
		put(t, filepath.Join(folders[name], "p.tsv"), content)
		put(t, filepath.Join(folders[name], "pipeline.yaml"), pipeline)
		if err := run(t.Context(), t, filepath.Join(folders[name], "pipeline.yaml"), Options{}); err != nil {
			t.Fatal(err)
		}
	}
	folder, file := folders["bad"], filepath.Join(folders["bad"], "pipeline.yaml")
	list := filepath.Join(folder, "list.tsv")
	if _, _, err := ExportQuarantine(t.Context(), filepath.Join(folder, ".ferry/quarantine.parquet"), list); err != nil {
		t.Fatal(err)
	}
	mended := strings.Replace(read(t, list), "\tbad\n", "\tword 10\tneno 10\n", 1)
	put(t, list, strings.Replace(mended, "\tbad\n", "\tword 20000\tneno 20000\n", 1))
	if done := replay(t, file, list); done.Mended != 2 {
		t.Fatal(done)
	}
	compare(t, outputs(t, folder), outputs(t, folders["right"]))
	adopted(t, folder, 4*2)
	put(t, filepath.Join(folder, "p.tsv"), text("", 100))
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	compare(t, outputs(t, folder), outputs(t, folders["longer"]))
	adopted(t, folder, 4*2+2*2)
}

// adopted makes sure that no more shards were computed than those of the first run and so many more.
func adopted(t *testing.T, folder string, more int) {
	t.Helper()
	shards, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/clean-*/kept-*.arrow"))
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]int{}
	for _, s := range shards {
		folders[filepath.Dir(s)]++
	}
	files := sameFiles(t, folder, "clean-*/kept-*.arrow")
	first := 2 * len(shards) / len(folders)
	if len(files) > first+more {
		t.Errorf("%d shards were computed, in steps of %v", len(files), folders)
	}
}

// TestReuseInStore appends rows to a file twice, and has it run in new folders by an engine whose machines have nothing but a store, and then
// here: what was computed of other rows is in the store, and taken from there.
func TestReuseInStore(t *testing.T) {
	t.Setenv("FERRY_CACHE", t.TempDir())
	store := t.TempDir()
	grown := func(t *testing.T, times int) (folder, file string) {
		folder, file = badText(t)
		own := filepath.Join(folder, "own.jsonl")
		text := read(t, own)
		for i := range 100 * times {
			text += fmt.Sprintf("{\"id\": \"new %d\", \"text\": \"dawn\"}\n", i)
		}
		put(t, own, text)
		return folder, file
	}
	for times := range 3 {
		alone, file := grown(t, times)
		if err := run(t.Context(), t, withStore(t, file, ""), Options{}); err != nil {
			t.Fatal(err)
		}
		folder, file := grown(t, times)
		with := Options{Engine: somewhere, engine: &workshop{apart: true}}
		if times == 2 {
			with = Options{}
		}
		if err := run(t.Context(), t, withStore(t, file, "file://"+store), with); err != nil {
			t.Fatal(err)
		}
		compare(t, outputs(t, folder), outputs(t, alone))
	}
	found, err := filepath.Glob(filepath.Join(store, "cache/embed-*/task-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	took := map[string][]float64{} // by what was read, which is the time of whoever computed it
	for _, file := range found {
		n, problem := unseal[note]([]byte(read(t, file)))
		if problem != "" {
			t.Fatal(file, problem)
		}
		took[n.Input] = append(took[n.Input], n.CPU)
	}
	again := 0
	for _, times := range took {
		if len(times) == 3 {
			again++
		}
		if len(slices.Compact(times)) > 1 {
			t.Errorf("the same rows took %v s", times)
		}
	}
	if again < 4 || len(took) != again+3 {
		t.Errorf("of %d shards %d are in all three", len(took), again)
	}
}
