package sources

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// BenchmarkLines reads passages to nowhere, bare and compressed in one stream and in pieces, on one worker and on two.
func BenchmarkLines(b *testing.B) {
	b.Chdir(b.TempDir())
	var text bytes.Buffer
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 100_000 {
		fmt.Fprintf(&text, "%d\t", i)
		for range 15 {
			fmt.Fprintf(&text, "word%x \u0e04\u0e27\u0e32\u0e21 ", random.IntN(20_000))
		}
		text.WriteByte('\n')
	}
	m := NewMMARCO()
	m.Path, m.Documents = ".", []string{"en"}
	for _, c := range []struct {
		name    string
		content []byte
	}{
		{"bare", text.Bytes()},
		{"gzip", packed(b, ".gz", text.Bytes())},
		{"bgzip", packMembers(text.Bytes(), 65280, member)},
		{"frames", packMembers(text.Bytes(), 1<<20, frame)},
	} {
		write(b, "collections/english_collection.tsv", c.content, 0)
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprint(c.name, "/", workers), func(b *testing.B) {
				rejected, dropped := 0, 0
				out := discard(&rejected, &dropped)
				out.Workers = workers
				b.SetBytes(int64(text.Len()))
				for b.Loop() {
					if err := m.Read(context.Background(), "documents", out); err != nil || rejected > 0 {
						b.Fatal(rejected, err)
					}
				}
			})
		}
	}
}

// BenchmarkObject finds the values of a passage in JSON, in place and by its twin.
func BenchmarkObject(b *testing.B) {
	columns := newMapping("documents", "en", map[string]string{"id": "_id"}, nil, 0).layout()
	line := []byte(`{"_id": "17", "title": "A title", "text": "` + strings.Repeat("word \u0e04\u0e27\u0e32\u0e21 ", 20) + `", "metadata": {"url": "x"}}`)
	values := make([]json.RawMessage, len(columns))
	b.Run("in place", func(b *testing.B) {
		b.SetBytes(int64(len(line)))
		for b.Loop() {
			if !scanObject(line, func([]byte, []byte) {}) {
				b.Fatal("not scanned")
			}
		}
	})
	b.Run("map", func(b *testing.B) {
		b.SetBytes(int64(len(line)))
		for b.Loop() {
			if bad := decodeObject(line, columns, values); bad != nil {
				b.Fatal(bad)
			}
		}
	})
}
