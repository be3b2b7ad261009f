package retrieve

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

func random(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// raggedOffsets returns the offsets of n items with up to most vectors each.
func raggedOffsets(r *rand.Rand, n, most int) []int32 {
	offsets := []int32{0}
	for range n {
		offsets = append(offsets, offsets[len(offsets)-1]+int32(r.IntN(most+1)))
	}
	return offsets
}

func numbered(n int) []Document {
	documents := make([]Document, n)
	for i := range documents {
		documents[i] = Document{"en", fmt.Sprint(i)}
	}
	return documents
}

// A collection is searched by both searches: its dense vectors are the first
// rows of its token vectors.
type collection struct {
	d                     int
	queries, vectors      []float32
	queryOffsets, offsets []int32
	documents             []Document
	queryCount            int
}

func newCollection(seed uint64, queries, documents, d int) collection {
	r := rand.New(rand.NewPCG(seed, 1))
	c := collection{d: d, queryCount: queries, documents: numbered(documents)}
	c.queryOffsets, c.offsets = raggedOffsets(r, queries, 60), raggedOffsets(r, documents, 9)
	c.queries = random(r, max(queries, int(c.queryOffsets[queries]))*d)
	c.vectors = random(r, max(documents, int(c.offsets[documents]))*d)
	return c
}

// search adds the collection in blocks of at most size documents.
func (c collection) search(t testing.TB, dense bool, k, size, workers int) [][]Hit {
	t.Helper()
	var results func() [][]Hit
	var add func(from, to int) error
	if dense {
		s, err := NewDense(c.queries[:c.queryCount*c.d], c.d, k, nil)
		if err != nil {
			t.Fatal(err)
		}
		results, add = s.Results, func(from, to int) error {
			return s.Add(context.Background(), c.documents[from:to], c.vectors[from*c.d:to*c.d], workers)
		}
	} else {
		s, err := NewMaxSim(c.queries, c.queryOffsets, c.d, k, nil)
		if err != nil {
			t.Fatal(err)
		}
		results, add = s.Results, func(from, to int) error {
			return s.Add(context.Background(), c.documents[from:to], c.offsets[from:to+1], c.vectors, workers)
		}
	}
	for from := 0; from < len(c.documents); from += size {
		if err := add(from, min(len(c.documents), from+size)); err != nil {
			t.Fatal(err)
		}
	}
	return results()
}

func (c collection) dot(i, j int) float64 {
	sum := 0.0
	for p := range c.d {
		sum += float64(c.queries[i*c.d+p]) * float64(c.vectors[j*c.d+p])
	}
	return sum
}

// score is the definition, in float64; NaN where there is none.
func (c collection) score(dense bool, query, document int) float64 {
	if dense {
		return c.dot(query, document)
	}
	from, to := int(c.queryOffsets[query]), int(c.queryOffsets[query+1])
	if from == to || c.offsets[document] == c.offsets[document+1] {
		return math.NaN()
	}
	sum := 0.0
	for i := from; i < to; i++ {
		best := math.Inf(-1)
		for j := int(c.offsets[document]); j < int(c.offsets[document+1]); j++ {
			best = max(best, c.dot(i, j))
		}
		sum += best
	}
	return sum / float64(to-from)
}

// TestBruteForce compares scores, and the score at every rank, with the
// definition.
func TestBruteForce(t *testing.T) {
	for _, size := range []struct{ queries, documents, d, k int }{
		{1, 1, 1, 1}, {3, 5, 7, 100}, {5, 0, 4, 3}, {0, 5, 4, 3}, {49, 130, 33, 10}, {7, 2100, 16, 25}, {2, 65, 400, 65},
	} {
		c := newCollection(3, size.queries, size.documents, size.d)
		for _, dense := range []bool{true, false} {
			results := c.search(t, dense, size.k, 1<<20, 2)
			if len(results) != size.queries {
				t.Fatalf("%+v: %d results", size, len(results))
			}
			for q, hits := range results {
				compareBruteForce(t, c, dense, q, size.k, hits)
			}
		}
	}
}

func compareBruteForce(t *testing.T, c collection, dense bool, query, k int, hits []Hit) {
	t.Helper()
	scores, byID := []float64{}, map[string]float64{}
	for j, document := range c.documents {
		if score := c.score(dense, query, j); score == score {
			scores, byID[document.ID] = append(scores, score), score
		}
	}
	slices.SortFunc(scores, func(a, b float64) int { return int(math.Copysign(1, b-a)) })
	if len(hits) != min(k, len(scores)) {
		t.Fatalf("dense %t, query %d: %d hits of %d documents, want %d", dense, query, len(hits), len(scores), k)
	}
	tolerance := 1e-6 * float64(c.d)
	for i, h := range hits {
		if !(math.Abs(float64(h.Score)-byID[h.ID]) <= tolerance && math.Abs(float64(h.Score)-scores[i]) <= tolerance) {
			t.Errorf("dense %t, query %d: hit %d is %v, want score %v, or %v at this rank", dense, query, i, h, byID[h.ID], scores[i])
		}
	}
}

// TestSameBits: neither workers nor the cut into blocks change a bit.
func TestSameBits(t *testing.T) {
	c := newCollection(4, 101, 700, 48)
	for _, dense := range []bool{true, false} {
		want := c.search(t, dense, 20, 1<<20, 1)
		for _, test := range [][2]int{{1 << 20, 2}, {1 << 20, 7}, {1, 3}, {37, 4}, {333, 1}} {
			if got := c.search(t, dense, 20, test[0], test[1]); !reflect.DeepEqual(got, want) {
				t.Errorf("dense %t: blocks of %d on %d workers give other hits", dense, test[0], test[1])
			}
		}
	}
}

func TestTies(t *testing.T) {
	documents := []Document{{"en", "b"}, {"en", "é"}, {"de", "z"}, {"en", "a"}, {"en", "Z"}, {"de-AT", "x"}, {"en", "ab"}}
	r := rand.New(rand.NewPCG(1, 1))
	want := "é b ab a Z z x"
	for range 20 {
		r.Shuffle(len(documents), func(i, j int) { documents[i], documents[j] = documents[j], documents[i] })
		for k := 1; k <= len(documents); k++ {
			top := NewTopK(k)
			for _, document := range documents {
				top.Add(Hit{document, 0.5})
			}
			got := []string{}
			for _, h := range top.Hits() {
				got = append(got, h.ID)
			}
			if strings.Join(got, " ") != strings.Join(strings.Fields(want)[:k], " ") {
				t.Fatalf("the best %d are %v, want the first of %s", k, got, want)
			}
		}
	}
}

// TestTiesAtTheEnd: which of the equal documents is cut does not depend on
// the order in which they come.
func TestTiesAtTheEnd(t *testing.T) {
	for _, ids := range [][]string{{"a", "b", "c"}, {"c", "b", "a"}, {"b", "c", "a"}} {
		s, err := NewDense([]float32{1}, 1, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Add(context.Background(), documentsOf(ids), []float32{3, 3, 3}, 1); err != nil {
			t.Fatal(err)
		}
		if hits := s.Results()[0]; hits[0].ID != "c" || hits[1].ID != "b" {
			t.Errorf("of %v, %v is kept", ids, hits)
		}
	}
}

func TestExclude(t *testing.T) {
	c := newCollection(5, 3, 50, 8)
	s, err := NewDense(c.queries[:3*8], 8, 50, func(query int, document Document) bool {
		return query == 1 && document == Document{"en", "17"}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Add(context.Background(), c.documents, c.vectors[:50*8], 2); err != nil {
		t.Fatal(err)
	}
	for q, hits := range s.Results() {
		found := slices.ContainsFunc(hits, func(h Hit) bool { return h.ID == "17" })
		if found == (q == 1) || len(hits) != 50-max(0, 1-max(q-1, 1-q)) {
			t.Errorf("query %d: document 17 found: %t, %d hits", q, found, len(hits))
		}
	}
}

// TestKeepsNothing reuses the memory behind ids and vectors, as a reader of
// Arrow batches does.
func TestKeepsNothing(t *testing.T) {
	id := []byte("first")
	documents, vectors := []Document{{"en", unsafe.String(&id[0], len(id))}}, []float32{1}
	s, err := NewDense([]float32{1}, 1, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"first", "other"} {
		copy(id, name)
		if err := s.Add(context.Background(), documents, vectors, 1); err != nil {
			t.Fatal(err)
		}
		vectors[0] = 0.5
	}
	want := []Hit{{Document{"en", "first"}, 1}, {Document{"en", "other"}, 0.5}}
	if got := s.Results()[0]; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestErrors(t *testing.T) {
	ctx, nan, infinite := context.Background(), float32(math.NaN()), float32(math.Inf(1))
	dense, _ := NewDense([]float32{1, 2}, 2, 1, nil)
	maxsim, _ := NewMaxSim([]float32{1, 2}, []int32{0, 1}, 2, 1, nil)
	documents := []Document{{"en", "a"}, {"en", "b"}}
	first := func(_ any, err error) error { return err }
	for want, err := range map[string]error{
		"query vector 1 has a number that is not finite":                      first(NewDense([]float32{1, 2, nan, 4}, 2, 1, nil)),
		"query vector 0 has a number that is not finite":                      first(NewMaxSim([]float32{infinite}, []int32{0, 1}, 1, 1, nil)),
		"3 numbers are not 1 query vectors of 2 dimensions":                   first(NewDense([]float32{1, 2, 3}, 2, 1, nil)),
		"2 dimensions and the best 0 hits":                                    first(NewDense([]float32{1, 2}, 2, 0, nil)),
		"0 dimensions and the best 1 hits":                                    first(NewDense(nil, 0, 1, nil)),
		"queries: 3 numbers are not vectors of 2 dimensions":                  first(NewMaxSim([]float32{1, 2, 3}, []int32{0}, 2, 1, nil)),
		"queries: there are no offsets":                                       first(NewMaxSim(nil, nil, 2, 1, nil)),
		`vector of document "b" (row 1) has a number that is not finite`:      dense.Add(ctx, documents, []float32{1, 2, 3, nan}, 1),
		`vector of document "a" (row 0) has a number that is not finite`:      dense.Add(ctx, documents, []float32{-infinite, 2, 3, 4}, 1),
		"3 numbers are not 2 document vectors":                                dense.Add(ctx, documents, []float32{1, 2, 3}, 1),
		`token vector 1 of document "b" (row 1) has a number that is not fin`: maxsim.Add(ctx, documents, []int32{0, 1, 3}, []float32{1, 2, 3, 4, 1e30, 0}, 1),
		"2 offsets for 2 documents":                                           maxsim.Add(ctx, documents, []int32{0, 1}, []float32{1, 2}, 1),
		"offset 1 is 2, which is not between 0 and the number of vectors, 1":  maxsim.Add(ctx, documents[:1], []int32{0, 2}, []float32{1, 2}, 1),
		"offset 1 is 0, which is not between 1":                               maxsim.Add(ctx, documents[:1], []int32{1, 0}, []float32{1, 2}, 1),
		"offset 0 is -1":                                                      maxsim.Add(ctx, documents[:1], []int32{-1, 0}, []float32{1, 2}, 1),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func TestCancelled(t *testing.T) {
	c := newCollection(6, 10, 10, 4)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dense, _ := NewDense(c.queries[:10*4], 4, 3, nil)
	maxsim, _ := NewMaxSim(c.queries, c.queryOffsets, 4, 3, nil)
	if err := dense.Add(ctx, c.documents, c.vectors[:10*4], 2); !errors.Is(err, context.Canceled) {
		t.Errorf("dense: %v", err)
	}
	if err := maxsim.Add(ctx, c.documents, c.offsets, c.vectors, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("MaxSim: %v", err)
	}
}

func BenchmarkMaxSim(b *testing.B) {
	c := newCollection(8, 32, 1024, 128)
	for b.Loop() {
		c.search(b, false, 100, 1024, 1)
	}
	products := float64(c.queryOffsets[32]) * float64(c.offsets[1024]) * 128
	b.ReportMetric(2*products*float64(b.N)/b.Elapsed().Seconds()/1e9, "GF/s")
}
