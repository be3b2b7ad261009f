package stages

import (
	"context"
	"fmt"
	"iter"
	"math"
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

// shuffle returns the numbers in the ids of n shuffled rows, whose texts have so many bytes each. It makes sure that all
// else in a row came along, that memory is bounded, and that nothing is left behind.
func shuffle(t *testing.T, s *Shuffle, n, width int, seed uint64) []int {
	t.Helper()
	peak := &peakAllocator{Allocator: memory.NewGoAllocator()}
	checked := memory.NewCheckedAllocator(peak)
	defer checked.AssertSize(t, 0)
	schema := schemas.Queries()
	table := schemas.Table{Name: "queries", Schema: schema, Rows: -1, Batches: func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			b := array.NewRecordBuilder(checked, schema)
			defer b.Release()
			for i := range n {
				b.Field(0).(*array.StringBuilder).Append("sw")
				b.Field(1).(*array.StringBuilder).Append(fmt.Sprint(i))
				b.Field(2).(*array.StringBuilder).Append(textOf(i, width))
				list := b.Field(3).(*array.ListBuilder)
				list.Append(true)
				for k := range i % 3 {
					list.ValueBuilder().(*array.StringBuilder).Append(fmt.Sprint(i + k))
				}
				if i%97 == 96 || i == n-1 {
					batch := b.NewRecordBatch()
					more := yield(batch, nil)
					batch.Release()
					if !more {
						return
					}
				}
			}
		}
	}}
	var order []int
	job := Job{Tables: map[string][]schemas.Table{"from": {table}}, Seed: seed, Scratch: filepath.Join(t.TempDir(), "scratch"), Progress: func(int64, int64, string) {}}
	job.Outputs = map[string]schemas.Output{"shuffled": {Allocator: checked, Emit: func(batch arrow.RecordBatch) error {
		for i := range int(batch.NumRows()) {
			var number int
			fmt.Sscan(texts(batch, schemas.ID).Value(i), &number)
			exclude := stringList(column[*array.List](batch, schemas.Exclude), i)
			if texts(batch, schemas.Text).Value(i) != textOf(number, width) || len(exclude) != number%3 || len(exclude) > 0 && exclude[0] != fmt.Sprint(number) {
				t.Fatalf("row %d has come apart", number)
			}
			order = append(order, number)
		}
		return nil
	}}}
	if _, err := s.Run(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if most := s.Memory<<20 + 12*97*width + 3<<20; peak.most > most {
		t.Errorf("%d rows of %d bytes take %d bytes, more than %d", n, width, peak.most, most)
	}
	if left, _ := os.ReadDir(job.Scratch); len(left) > 0 {
		t.Errorf("%d files are left", len(left))
	}
	return order
}

// A peakAllocator remembers how many bytes were in use at most.
type peakAllocator struct {
	memory.Allocator
	now, most int
}

func (p *peakAllocator) Allocate(size int) []byte {
	p.count(size)
	return p.Allocator.Allocate(size)
}

func (p *peakAllocator) Reallocate(size int, b []byte) []byte {
	p.count(size - len(b))
	return p.Allocator.Reallocate(size, b)
}

func (p *peakAllocator) Free(b []byte) {
	p.count(-len(b))
	p.Allocator.Free(b)
}

func (p *peakAllocator) count(size int) {
	p.now += size
	p.most = max(p.most, p.now)
}

func textOf(i, width int) string { return strings.Repeat(string(rune('a'+i%26)), width) }

// TestShuffle shuffles tables that fit in memory and tables that do not: always every row once, in an order that the
// seed decides and nothing else.
func TestShuffle(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000, 20_000} {
		order := shuffle(t, NewShuffle(), n, 10, 7)
		sorted := slices.Sorted(slices.Values(order))
		for i, number := range sorted {
			if number != i || len(sorted) != n {
				t.Fatalf("%d rows became %d, with %d in place %d", n, len(sorted), number, i)
			}
		}
		if other := shuffle(t, NewShuffle(), n, 10, 8); n > 2 && slices.Equal(order, other) {
			t.Errorf("seeds 7 and 8 give %d rows the same order", n)
		}
		if n > 2 && slices.Equal(order, sorted) {
			t.Errorf("%d rows stay in order", n)
		}
	}
	small := NewShuffle()
	small.Memory = 1
	for _, width := range []int{10, 1000, 5000} { // up to 100 MB, through files of files
		if got := shuffle(t, small, 20_000, width, 7); !slices.Equal(got, shuffle(t, NewShuffle(), 20_000, 10, 7)) {
			t.Errorf("texts of %d bytes in 1 MB have another order than in memory", width)
		}
	}
	if got := shuffle(t, small, 9, 2<<20, 7); !slices.Equal(got, shuffle(t, NewShuffle(), 9, 10, 7)) {
		t.Errorf("rows of 2 MB in 1 MB have another order: %v", got)
	}
}

// TestShuffleUniform counts how often each of the 24 orders of four rows, and each place of each of ten rows, comes up.
func TestShuffleUniform(t *testing.T) {
	orders, places := map[string]float64{}, map[string]float64{}
	const draws = 2400
	for seed := range uint64(draws) {
		orders[fmt.Sprint(shuffle(t, NewShuffle(), 4, 1, seed))]++
		for place, row := range shuffle(t, NewShuffle(), 10, 1, seed) {
			places[fmt.Sprint(row, place)]++
		}
	}
	// the bounds are chi-square's at 0.001, for 23 and for 81 degrees of freedom (in Wilson and Hilferty's approximation)
	for _, c := range []struct {
		counts  map[string]float64
		cells   int
		freedom float64
	}{{orders, 24, 23}, {places, 100, 81}} {
		chi, each := 0.0, 0.0
		for _, n := range c.counts {
			each += n / float64(c.cells)
		}
		for _, n := range c.counts {
			chi += (n - each) * (n - each) / each
		}
		bound := c.freedom * math.Pow(1-2/(9*c.freedom)+3.09*math.Sqrt(2/(9*c.freedom)), 3)
		if len(c.counts) != c.cells || chi > bound {
			t.Errorf("%d of %d cells, chi-square is %.1f, above %.1f", len(c.counts), c.cells, chi, bound)
		}
	}
}
