package tables

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// TestDamagedShards cuts a shard at every length and turns a bit of every byte in turn: what is read is an
// error that names the file, or as many rows as were written, of which every value can be looked at.
func TestDamagedShards(t *testing.T) {
	rows := `[{"language":"en","id":"a","codec":"me","codes":[4,5],"residuals":"AQID"},{"language":"en","id":"b","codec":"me","codes":[6],"residuals":"AQ=="}]`
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schemas.Compressed(), strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "compressed-00000.arrow")
	w := Writer{Schema: schemas.Compressed(), Allocator: memory.DefaultAllocator, File: func(int) string { return path }, Publish: func(Shard) {}}
	if err := w.End(w.Write(batch)); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	read := func(damage string) bool {
		rows, text := int64(0), ""
		_, failed := Read(t.Context(), path, w.Shards[0], w.Schema, w.Allocator, func(b arrow.RecordBatch) bool {
			rows, text = rows+b.NumRows(), fmt.Sprint(b)
			return true
		})
		if failed == nil && (rows != 2 || text == "") || failed != nil && !strings.Contains(failed.Error(), path+" is damaged: ") {
			t.Errorf("%s: %d rows, %v", damage, rows, failed)
		}
		return failed == nil
	}
	if !read("as it was") {
		t.Fatal("cannot be read")
	}
	for size := len(whole) - 1; size >= 0; size-- {
		if err := os.Truncate(path, int64(size)); err != nil {
			t.Fatal(err)
		}
		if read(fmt.Sprint("cut to ", size, " bytes")) {
			t.Errorf("cut to %d bytes it can be read", size)
		}
	}
	missed := 0
	for at := range whole {
		rotten := bytes.Clone(whole)
		rotten[at] ^= 1 << (at % 8)
		if err := os.WriteFile(path, rotten, 0o666); err != nil {
			t.Fatal(err)
		}
		if read(fmt.Sprint("a bit of byte ", at)) {
			missed++
		}
	}
	t.Logf("%d of %d rotten files can be read", missed, len(whole))
	if missed == 0 || missed == len(whole) {
		t.Errorf("%d of %d rotten files can be read", missed, len(whole))
	}
}

// TestReadApart reads batches of a type that the library cannot put together: that is an error, and not the end of the table.
func TestReadApart(t *testing.T) {
	union := arrow.SparseUnionOf([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int32}}, []arrow.UnionTypeCode{0})
	schema := arrow.NewSchema([]arrow.Field{{Name: "u", Type: union}}, nil)
	path := filepath.Join(t.TempDir(), "unions-00000.arrow")
	w := Writer{Schema: schema, Allocator: memory.DefaultAllocator, File: func(int) string { return path }, Publish: func(Shard) {}}
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(`[{"u": [0, 1]}]`))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.End(errors.Join(w.Write(batch), w.Write(batch))); err != nil {
		t.Fatal(err)
	}
	_, err = Read(t.Context(), path, w.Shards[0], schema, memory.DefaultAllocator, func(arrow.RecordBatch) bool { return true })
	if err == nil || !strings.Contains(err.Error(), "concatenate") {
		t.Errorf("the error is %v", err)
	}
}

// TestSoundTexts holds what tells sound texts against arrow-go, which looks at each: over texts cut from characters of one to four bytes
// at any byte, sliced and empty, with offsets that go back, and with bytes that are no characters.
func TestSoundTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	found := map[bool]int{}
	for range 20_000 {
		var text []byte
		for range r.IntN(40) {
			text = append(text, []string{"a", "ñ", "ไ", "😀"}[r.IntN(4)]...)
		}
		if len(text) > 0 && r.IntN(8) == 0 {
			text[r.IntN(len(text))] ^= 0x80
		}
		offsets := []int32{0}
		for range r.IntN(4) {
			at := r.IntN(len(text) + 1)
			for at < len(text) && r.IntN(10) > 0 && text[at]&0xc0 == 0x80 {
				at++
			}
			offsets = append(offsets, int32(at))
		}
		if r.IntN(4) > 0 {
			slices.Sort(offsets)
		}
		from := r.IntN(len(offsets))
		texts := array.NewStringData(array.NewData(arrow.BinaryTypes.String, len(offsets)-1-from, []*memory.Buffer{nil,
			memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)), memory.NewBufferBytes(text)}, nil, 0, from))
		err := texts.ValidateFull()
		found[err == nil]++
		if got := soundTexts(texts); got != (err == nil) {
			t.Fatalf("%q at %d from %d: %v, while arrow-go says %v", text, offsets, from, got, err)
		}
	}
	if min(found[true], found[false]) < 1000 {
		t.Errorf("%d are sound and %d are not: one of them is hardly tested", found[true], found[false])
	}
}
