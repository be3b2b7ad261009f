package retrieve

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/residual"
)

// clustered are n unit vectors that lie around some centres, as token vectors do.
func clustered(r *rand.Rand, n, d, centres int, spread float32) []float32 {
	means, x := random(r, centres*d), random(r, n*d)
	for row := range n {
		centre := means[int(float64(centres)*math.Pow(r.Float64(), 2))*d:] // some words are frequent
		for j := range d {
			x[row*d+j] = spread*x[row*d+j] + centre[j]
		}
	}
	Centre(x, d, make([]float32, d))
	return x
}

// listed are documents of a block that are held in memory.
type listed []Document

func (l listed) Len() int                { return len(l) }
func (l listed) Document(i int) Document { return l[i] }

// A compression is a collection with its documents written by a codec.
type compression struct {
	collection
	codec *residual.Codec
	block Block
}

func compress(t testing.TB, c collection, centroids, bits int) compression {
	t.Helper()
	sample := c.vectors[:min(len(c.vectors), 1<<14*c.d)]
	codec, err := residual.Train(context.Background(), sample, c.d, residual.Options{Centroids: centroids, Bits: bits, Iterations: 4}, 2, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	tokens := len(c.vectors) / c.d
	b := Block{Documents: listed(c.documents), Offsets: c.offsets, Codes: make([]int32, tokens), Residuals: make([]byte, tokens*codec.Bytes())}
	codec.Encode(b.Codes, b.Residuals, c.vectors)
	return compression{c, codec, b}
}

// decoded is the collection as it is read back.
func (c compression) decoded() collection {
	back := c.collection
	back.vectors = make([]float32, len(c.vectors))
	c.codec.Decode(back.vectors, c.block.Codes, c.block.Residuals)
	return back
}

func (c compression) search(t testing.TB, o CompressedOptions, exclude Exclude, size, workers int) [][]Hit {
	t.Helper()
	s, err := NewCompressed(context.Background(), c.codec, c.queries, c.queryOffsets, o, exclude, workers)
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < len(c.documents); from += size {
		to := min(len(c.documents), from+size)
		b, documents := c.block.slice(from, to), slices.Clone(c.documents[from:to])
		b.Documents, b.first = listed(documents), 0
		if err := s.Add(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		clear(documents) // nothing is kept
	}
	return s.Results()
}

// centroidScores is the definition of the first step, in float64, for every document.
func (c compression) centroidScores(query, probes int) []float64 {
	from, to := int(c.queryOffsets[query]), int(c.queryOffsets[query+1])
	n := c.codec.Centroids()
	near, floors, products := map[int32]bool{}, make([]float64, to-from), make([][]float64, to-from)
	centroids := c
	centroids.vectors, _ = c.codec.Rows()
	for i := range products {
		for code := range n {
			products[i] = append(products[i], centroids.dot(from+i, code))
		}
		sorted := slices.Sorted(slices.Values(products[i]))
		floors[i] = sorted[max(0, n-1-probes)]
		for code, x := range products[i] {
			if x > floors[i] {
				near[int32(code)] = true
			}
		}
	}
	scores := make([]float64, len(c.documents))
	for document := range scores {
		for i, best := range floors {
			for _, code := range c.block.codes(document) {
				if near[code] {
					best = max(best, products[i][code])
				}
			}
			scores[document] += best / float64(to-from)
		}
	}
	return scores
}

// TestCompressedReadsBack: where all documents are candidates, hits are to the bit those of MaxSim in what is read back.
func TestCompressedReadsBack(t *testing.T) {
	for i, bits := range []int{1, 2, 4, 8} {
		c := compress(t, newCollection(uint64(i), 12, 700, 9+8*i), 40, bits)
		for _, k := range []int{1, 10, 1000} {
			want := c.decoded().search(t, false, k, 1000, 1)
			got := c.search(t, CompressedOptions{K: k, Candidates: 1000, Probes: 2}, nil, 1000, 1)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%d bits, the best %d: %v, should be %v", bits, k, got, want)
			}
		}
	}
}

// TestCompressedCandidates compares with the definition of both steps, and blocks, workers and orders with each other.
func TestCompressedCandidates(t *testing.T) {
	c := compress(t, newCollection(8, 9, 700, 16), 50, 2)
	exclude := func(query int, d Document) bool { return len(d.ID)%3 == query%3 }
	full := c.search(t, CompressedOptions{K: 700, Candidates: 700, Probes: 50}, exclude, 700, 2)
	for _, o := range []CompressedOptions{{K: 5, Candidates: 20, Probes: 1}, {K: 20, Candidates: 20, Probes: 4}, {K: 7, Candidates: 60, Probes: 60}} {
		got := c.search(t, o, exclude, 700, 1)
		for query, hits := range got {
			if c.queryOffsets[query] == c.queryOffsets[query+1] {
				if len(hits) > 0 {
					t.Errorf("query %d has no tokens, and hits", query)
				}
				continue
			}
			c.compareCandidates(t, o, query, hits, full[query])
		}
		for _, size := range []int{1, 7, 600} {
			if again := c.search(t, o, exclude, size, 3); !reflect.DeepEqual(again, got) {
				t.Errorf("%+v: blocks of %d documents give other hits", o, size)
			}
		}
		if again := c.reversed().search(t, o, exclude, 700, 2); !reflect.DeepEqual(again, got) {
			t.Errorf("%+v: the order of the documents changes hits", o)
		}
	}
}

// compareCandidates: hits are the best of all documents that are candidates by definition, where float64 can tell.
func (c compression) compareCandidates(t *testing.T, o CompressedOptions, query int, hits, all []Hit) {
	t.Helper()
	const near = 1e-5
	byDocument, scores := map[Document]float64{}, []float64{}
	for document, score := range c.centroidScores(query, o.Probes) {
		byDocument[c.documents[document]] = score
	}
	for _, h := range all {
		scores = append(scores, byDocument[h.Document])
	}
	slices.Sort(scores)
	lowest := scores[len(scores)-o.Candidates]
	if len(hits) != o.K {
		t.Errorf("%+v: query %d: %d hits", o, query, len(hits))
	}
	for _, h := range hits {
		if byDocument[h.Document] < lowest-near || !slices.Contains(all, h) {
			t.Errorf("%+v: query %d: %v is no candidate, or scores otherwise", o, query, h)
		}
	}
	for _, h := range all {
		if byDocument[h.Document] > lowest+near && h.before(hits[len(hits)-1]) && !slices.Contains(hits, h) {
			t.Errorf("%+v: query %d: %v is not among the hits", o, query, h)
		}
	}
}

// reversed has the documents in the opposite order.
func (c compression) reversed() compression {
	old, size := c.block, c.codec.Bytes()
	c.documents = slices.Clone(c.documents)
	slices.Reverse(c.documents)
	b := Block{Documents: listed(c.documents), Offsets: []int32{0}}
	for i := old.len() - 1; i >= 0; i-- {
		b.Codes = append(b.Codes, old.codes(i)...)
		b.Residuals = append(b.Residuals, old.Residuals[int(old.Offsets[i])*size:int(old.Offsets[i+1])*size]...)
		b.Offsets = append(b.Offsets, int32(len(b.Codes)))
	}
	c.block = b
	return c
}

// TestCompressedPassages: a document scores as its best passage does.
func TestCompressedPassages(t *testing.T) {
	c := compress(t, newCollection(9, 4, 300, 8), 20, 4)
	each := c.search(t, CompressedOptions{K: 300, Candidates: 300, Probes: 4}, nil, 100, 1)
	for i := range c.documents {
		c.documents[i].ID = fmt.Sprint(i % 50)
	}
	joined := c.search(t, CompressedOptions{K: 50, Candidates: 300, Probes: 4, Passages: true}, nil, 100, 1)
	for query, hits := range joined {
		best := map[string]float32{}
		for _, h := range each[query] {
			var n int
			fmt.Sscan(h.ID, &n)
			if score, ok := best[fmt.Sprint(n%50)]; !ok || h.Score > score {
				best[fmt.Sprint(n%50)] = h.Score
			}
		}
		if len(hits) != len(best) {
			t.Errorf("query %d: %d documents, should be %d", query, len(hits), len(best))
		}
		for _, h := range hits {
			if h.Score != best[h.ID] {
				t.Errorf("query %d: document %s scores %v, its best passage %v", query, h.ID, h.Score, best[h.ID])
			}
		}
	}
}

// recall is the share of the hits of want that got has.
func recall(got, want [][]Hit) float64 {
	found, all := 0, 0
	for query, hits := range want {
		for _, h := range hits {
			all++
			if slices.ContainsFunc(got[query], func(g Hit) bool { return g.Document == h.Document }) {
				found++
			}
		}
	}
	return float64(found) / float64(all)
}

// large is a collection of more than 100,000 tokens.
func large(seed uint64, d, documents int) collection {
	r := rand.New(rand.NewPCG(seed, 2))
	c := collection{d: d, queryCount: 40, documents: numbered(documents), queryOffsets: []int32{0}}
	c.offsets = raggedOffsets(r, len(c.documents), 40)
	c.vectors = clustered(r, int(c.offsets[len(c.documents)]), d, 3000, 0.5)
	for range c.queryCount { // a query is some tokens of a document, with noise
		document := r.IntN(len(c.documents))
		for row := c.offsets[document]; row < c.offsets[document+1]; row += 2 {
			c.queries = append(c.queries, c.vectors[int(row)*d:int(row+1)*d]...)
		}
		c.queryOffsets = append(c.queryOffsets, int32(len(c.queries)/d))
	}
	for i, x := range random(r, len(c.queries)) {
		c.queries[i] += 0.05 * x
	}
	Centre(c.queries, d, make([]float32, d))
	return c
}

// TestCompressedRecall: the documents are random words, so that those below the first score nearly the same.
func TestCompressedRecall(t *testing.T) {
	c := large(1, 64, 6000)
	if tokens := len(c.vectors) / c.d; tokens < 1e5 {
		t.Fatalf("%d tokens", tokens)
	}
	exact := c.search(t, false, 10, 1000, 2)
	for bits, least := range map[int]float64{1: 0.4, 2: 0.6, 4: 0.75} {
		got := recall(compress(t, c, 256, bits).search(t, CompressedOptions{K: 10, Candidates: 600, Probes: 16}, nil, 2000, 2), exact)
		t.Logf("%d bits: recall@10 %.3f", bits, got)
		if got < least {
			t.Errorf("%d bits: recall@10 %.3f is below %v", bits, got, least)
		}
	}
}

func TestCompressedRefuses(t *testing.T) {
	c := compress(t, newCollection(4, 3, 20, 8), 10, 2)
	if _, err := NewCompressed(context.Background(), c.codec, []float32{0, 0, 0, 0, 0, 0, 0, float32(math.NaN())}, []int32{0, 1}, CompressedOptions{1, 1, 1, false}, nil, 1); err == nil || !strings.Contains(err.Error(), "query vector 0") {
		t.Errorf("NaN: %v", err)
	}
	if _, err := NewCompressed(context.Background(), c.codec, c.queries, c.queryOffsets, CompressedOptions{10, 5, 1, false}, nil, 1); err == nil {
		t.Error("fewer candidates than hits")
	}
	for want, damage := range map[string]func(b *Block){
		"offsets for":      func(b *Block) { b.Offsets = b.Offsets[1:] },
		"offset 20":        func(b *Block) { b.Codes = b.Codes[1:] },
		"bytes of":         func(b *Block) { b.Residuals = b.Residuals[1:] },
		"another one":      func(b *Block) { b.Codes = slices.Repeat([]int32{10}, len(b.Codes)) },
		"has the code -1,": func(b *Block) { b.Codes = slices.Repeat([]int32{-1}, len(b.Codes)) },
	} {
		s, err := NewCompressed(context.Background(), c.codec, c.queries, c.queryOffsets, CompressedOptions{1, 1, 1, false}, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		b := c.block
		damage(&b)
		if err := s.Add(context.Background(), b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

// FuzzCompressed: whatever a block holds, it is searched or refused.
func FuzzCompressed(f *testing.F) {
	c := compress(f, newCollection(4, 3, 20, 8), 10, 2)
	f.Add(int32(0), int32(3), []byte{1, 2, 3}, []byte{1, 2, 3, 4, 5, 6})
	f.Fuzz(func(t *testing.T, from, to int32, codes, residuals []byte) {
		s, err := NewCompressed(context.Background(), c.codec, c.queries, c.queryOffsets, CompressedOptions{3, 3, 2, false}, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		b := Block{Documents: listed(numbered(2)), Offsets: []int32{0, from, to}, Residuals: residuals}
		for _, code := range codes {
			b.Codes = append(b.Codes, int32(int8(code)))
		}
		if s.Add(context.Background(), b) != nil {
			return
		}
		for _, hits := range s.Results() {
			for _, h := range hits {
				if h.Score != h.Score {
					t.Errorf("%v is not a number", h)
				}
			}
		}
	})
}

// BenchmarkCompressed compares pairs of a query and a document, by both searches.
func BenchmarkCompressed(b *testing.B) {
	for _, d := range []int{128, 384} {
		c := large(2, d, 20000)
		compressed := compress(b, c, 1024, 2)
		run := func(name string, bytes int, search func()) {
			b.Run(fmt.Sprintf("d=%d/%s", d, name), func(b *testing.B) {
				for b.Loop() {
					search()
				}
				b.ReportMetric(float64(len(c.documents)*c.queryCount*b.N)/b.Elapsed().Seconds(), "documents/s")
				b.ReportMetric(float64(bytes), "bytes/token")
			})
		}
		run("exact", 2*d, func() { c.search(b, false, 10, 1000, 1) })
		run("compressed", 4+compressed.codec.Bytes(), func() {
			compressed.search(b, CompressedOptions{K: 10, Candidates: 100, Probes: 8}, nil, len(c.documents), 1)
		})
	}
}
