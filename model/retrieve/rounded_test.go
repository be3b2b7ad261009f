package retrieve

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/kernel"
)

// shapes are ways in which vectors, (n, d), differ from normal ones.
var shapes = map[string]func(r *rand.Rand, x []float32, n, d int){
	"normal": func(*rand.Rand, []float32, int, int) {},
	"near one direction": func(_ *rand.Rand, x []float32, n, d int) {
		for i := range n {
			for j := range d {
				x[i*d+j] += 5 * float32(j%3)
			}
		}
	},
	"of very different lengths": func(r *rand.Rand, x []float32, n, d int) {
		for i := range n {
			kernel.Scale(float32(math.Exp(4*r.NormFloat64())), x[i*d:(i+1)*d])
		}
	},
	"one large element": func(_ *rand.Rand, x []float32, n, d int) {
		for i := range n {
			x[i*d+d/2] = 300
		}
	},
	"whole numbers, with ties": func(r *rand.Rand, x []float32, _, _ int) {
		for i := range x {
			x[i] = float32(r.IntN(3) - 1)
		}
	},
	"zeros":    func(_ *rand.Rand, x []float32, _, _ int) { clear(x) },
	"tiny":     func(_ *rand.Rand, x []float32, _, _ int) { kernel.Scale(1e-18, x) },
	"enormous": func(_ *rand.Rand, x []float32, _, _ int) { kernel.Scale(1e16, x) },
}

// TestMargins compares scores by bytes with those in float64: they are off by the margin at most, which is small.
func TestMargins(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for name, shape := range shapes {
		for _, d := range []int{1, 2, 3, 64, 70, 384, 1000} {
			const n, m = 90, 10
			x := random(r, (n+m)*d)
			shape(r, x, n+m, d)
			vectors, queries := x[:n*d], x[n*d:]
			var b rounded
			direction := shared(vectors, d)
			if row := b.round(vectors, direction); row >= 0 {
				t.Fatalf("%s, %d dimensions: row %d is unbounded", name, d, row)
			}
			rest, scores, total := make([]float32, d), make([]float32, n), 0.0
			for i := range m {
				query := queries[i*d : (i+1)*d]
				q := newAsked(rest, query, direction)
				kernel.GemmPacked(1, rest, d, &b.packed, nil, scores, n)
				b.addAlong(scores, &q)
				for j, score := range scores {
					exact := 0.0
					for p := range d {
						exact += float64(query[p]) * float64(vectors[j*d+p])
					}
					margin := float64(b.margin(&q, int32(j)))
					if off := math.Abs(float64(score) - exact); !(off <= margin) {
						t.Fatalf("%s, %d dimensions: %g is off by %g, more than %g", name, d, score, off, margin)
					}
					total += margin / max(1e-30, float64(length(query))*float64(b.size))
				}
			}
			if mean := total / (n * m); mean > 0.03 {
				t.Errorf("%s, %d dimensions: margins are %g on average", name, d, mean)
			}
		}
	}
}

// TestBytesFirst finds the same by bytes first as without them, ties and excluded documents included.
func TestBytesFirst(t *testing.T) {
	const n, m, d, k = 3*chunkRows + 99, tileRows + 5, 70, 5
	r := rand.New(rand.NewPCG(6, 6))
	for name, shape := range shapes {
		x := random(r, (n+m)*d)
		shape(r, x, n+m, d)
		vectors, queries := x[:n*d], x[n*d:]
		copy(vectors[(n-40)*d:], vectors[:40*d])
		exclude := func(query int, document Document) bool { return len(document.ID)%2 == query%2 && query < 9 }
		var results [2][][]Hit
		for i, bytes := range []bool{false, true} {
			s, err := NewDense(queries, d, k, exclude)
			if err != nil {
				t.Fatal(err)
			}
			s.bytes = bytes
			for from := 0; from < n; from += 3000 {
				to := min(n, from+3000)
				if err := s.Add(t.Context(), numbered(n)[from:to], vectors[from*d:to*d], 1+i); err != nil {
					t.Fatal(err)
				}
			}
			results[i] = s.Results()
			if bytes && name == "normal" && !s.few(&s.workers[0], &s.blocks[0], 0, tileRows) {
				t.Error("bytes leave many documents over")
			}
		}
		if !reflect.DeepEqual(results[0], results[1]) {
			t.Errorf("%s: hits differ", name)
		}
	}
}

// A vector that cannot be compared is named by its row among those added.
func TestDenseNamesOddVectors(t *testing.T) {
	const n, d = 2*chunkRows + 300, 3
	for _, bytes := range []bool{false, true} {
		for _, value := range []float64{math.NaN(), math.Inf(1), 2e19} {
			vectors := make([]float32, n*d)
			vectors[(n-7)*d+1] = float32(value)
			s, err := NewDense(make([]float32, d), d, 2, nil)
			if err != nil {
				t.Fatal(err)
			}
			s.bytes = bytes
			want := fmt.Sprintf("searching: the vector of document %q (row %d) has a number that is not finite or too large", fmt.Sprint(n-7), n-7)
			if err := s.Add(t.Context(), numbered(n), vectors, 3); err == nil || err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
	}
}

// Vectors of more dimensions than a sum of bytes holds are compared as they are.
func TestManyDimensions(t *testing.T) {
	const d = byteDimensions + 1
	vectors := make([]float32, 2*d)
	vectors[0], vectors[2*d-1] = 2, 3
	s, err := NewDense(vectors[d:], d, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Add(t.Context(), numbered(2), vectors, 1); err != nil {
		t.Fatal(err)
	}
	if hits := s.Results()[0]; hits[0].ID != "1" || hits[0].Score != 9 {
		t.Errorf("%v", hits)
	}
	if _, err := NewIndex(t.Context(), numbered(2), vectors, d, 1); err == nil {
		t.Error("an index of them is no error")
	}
}

func TestLargest(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 100 {
		l, all := newLargest(1+r.IntN(6)), []float32(nil)
		for range r.IntN(20) {
			value := float32(r.IntN(9))
			l.add(value)
			all = append(all, value)
		}
		slices.Sort(all)
		if want := all[max(0, len(all)-l.n):]; !slices.Equal(l.values, want) {
			t.Fatalf("%v of %v, want %v", l.values, all, want)
		}
	}
}

// BenchmarkDense compares 500 queries with documents by bytes first, and without, their twin.
func BenchmarkDense(b *testing.B) {
	const n, m, d = 50_000, 500, 384
	r := rand.New(rand.NewPCG(8, 8))
	x := random(r, (n+m)*d)
	shapes["near one direction"](r, x, n+m, d)
	documents := numbered(n)
	for _, bytes := range []bool{true, false} {
		b.Run(fmt.Sprintf("bytes=%t", bytes), func(b *testing.B) {
			for b.Loop() {
				s, _ := NewDense(x[n*d:], d, 100, nil)
				s.bytes = bytes
				s.Add(b.Context(), documents, x[:n*d], 1)
			}
			b.ReportMetric(float64(m*b.N)/b.Elapsed().Seconds(), "queries/s")
		})
	}
}
