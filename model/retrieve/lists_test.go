package retrieve

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/residual"
)

// scanTwin scores documents as scan does, by a look at the code of every token.
func (s *Compressed) scanTwin(b Block) []float32 {
	var on scan
	slots := make([]int32, s.codec.Centroids())
	scores := make([]float32, len(s.queries)*b.len())
	for i := range s.queries {
		q := &s.queries[i]
		if q.tokens == 0 {
			continue
		}
		for slot, code := range q.near {
			slots[code] = int32(slot + 1)
		}
		far := meanOfLargest(q.of(0))
		for row := range b.len() {
			on.nearby = append(on.nearby[:0], q.of(0)...)
			for _, code := range b.codes(row) {
				if slots[code] != 0 {
					on.nearby = append(on.nearby, q.of(slots[code])...)
				}
			}
			if scores[i*b.len()+row] = far; len(on.nearby) > q.tokens {
				scores[i*b.len()+row] = on.best(on.nearby, q.tokens)
			}
		}
		clear(slots)
	}
	return scores
}

// withLists is a block that is given the lists made of it.
func (b Block) withLists(t testing.TB, codec *residual.Codec) Block {
	t.Helper()
	var all lists
	err := b.MakeLists(codec, func(starts []int32, rows []uint16) error {
		all = lists{append(all.starts, starts...), append(all.rows, rows...)}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b.UseLists(all.starts, all.rows)
	return b
}

// TestLists: scores by inverted lists are to the bit those of a look at every code, and a block that has its lists is searched
// as one that has none.
func TestLists(t *testing.T) {
	c := compress(t, newCollection(8, 9, 1400, 16), 50, 2)
	with := c
	with.block = c.block.withLists(t, c.codec)
	for _, probes := range []int{1, 3, 20, 50} {
		o := CompressedOptions{K: 20, Candidates: 100, Probes: probes}
		s, err := NewCompressed(context.Background(), c.codec, c.queries, c.queryOffsets, o, nil, 2)
		if err != nil {
			t.Fatal(err)
		}
		far, all := 0, 0
		for _, b := range []Block{c.block, with.block} {
			clear(s.scores)
			if err := s.scan(context.Background(), b); err != nil {
				t.Fatal(err)
			}
			want := s.scanTwin(b)
			if !slices.Equal(s.scores, want) {
				t.Fatalf("%d probes: scores are %v, should be %v", probes, s.scores, want)
			}
			for i := range s.queries {
				for _, score := range want[i*b.len() : (i+1)*b.len()] {
					if all++; s.queries[i].tokens > 0 && score == s.queries[i].alone[0] {
						far++
					}
				}
			}
		}
		t.Logf("%d probes: %d of %d scores are those of a document without a near centroid", probes, far, all)
		if probes == 1 && (far == 0 || far == all) {
			t.Errorf("%d of %d documents are far", far, all)
		}
		if got, want := with.search(t, o, nil, 1400, 3), c.search(t, o, nil, 1400, 1); !reflect.DeepEqual(got, want) {
			t.Errorf("%d probes: with lists, hits are %v, should be %v", probes, got, want)
		}
	}
}

// held is 100,000 documents of 32 tokens with random codes, of 4096, and queries of 8 tokens. With 16 probes, 6 documents
// in 10 have a token near a query, as has news in English with questions of 14 tokens and 2048 centroids.
func held(b *testing.B, queries int) compression {
	const d, documents, length, tokens, centroids = 128, 100_000, 32, 8, 4096
	r := rand.New(rand.NewPCG(4, 2))
	codec, err := residual.New(d, clustered(r, centroids, d, 1, 1), make([]float32, d*4))
	if err != nil {
		b.Fatal(err)
	}
	c := compression{collection: collection{d: d, queryCount: queries, documents: numbered(documents), queryOffsets: []int32{0}}, codec: codec}
	c.block = Block{Documents: listed(c.documents), Offsets: make([]int32, documents+1), Codes: make([]int32, documents*length), Residuals: make([]byte, documents*length*codec.Bytes())}
	for i := range c.block.Codes {
		c.block.Codes[i] = int32(r.IntN(centroids))
	}
	for i := range documents {
		c.block.Offsets[i+1] = int32((i + 1) * length)
	}
	c.queries = random(r, queries*tokens*d)
	Centre(c.queries, d, make([]float32, d))
	for i := range queries {
		c.queryOffsets = append(c.queryOffsets, int32((i+1)*tokens))
	}
	return c
}

// BenchmarkHeld asks for documents that are held in memory, one question at a time and several at once: the scores by centroids
// alone, as a look at every code and as lists make them, and the whole search.
func BenchmarkHeld(b *testing.B) {
	for _, queries := range []int{1, 40} {
		c := held(b, queries)
		with := c
		with.block = c.block.withLists(b, c.codec)
		for _, probes := range []int{4, 16} {
			o := CompressedOptions{K: 10, Candidates: 1000, Probes: probes}
			s, err := NewCompressed(context.Background(), c.codec, c.queries, c.queryOffsets, o, nil, 1)
			if err != nil {
				b.Fatal(err)
			}
			run := func(name string, do func()) {
				b.Run(fmt.Sprintf("queries=%d/probes=%d/%s", queries, probes, name), func(b *testing.B) {
					for b.Loop() {
						do()
					}
					b.ReportMetric(1000*b.Elapsed().Seconds()/float64(queries*b.N), "ms/query")
				})
			}
			run("every code", func() { s.scanTwin(c.block) })
			run("lists made anew", func() { s.scan(context.Background(), c.block) })
			run("lists", func() { s.scan(context.Background(), with.block) })
			run("search", func() { with.search(b, o, nil, len(c.documents), 1) })
		}
	}
}
