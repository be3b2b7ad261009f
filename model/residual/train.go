package residual

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/sourcegraph/conc/pool"

	"github.com/ferry-clir/ferry/model/kernel"
)

// Options say what codec to train.
type Options struct {
	Centroids  int // at most; no more than there are vectors
	Bits       int // of a dimension: 1, 2, 4 or 8
	Iterations int // of k-means
	Seed       uint64
}

// trainRows is the number of vectors that a goroutine takes at a time.
const trainRows = 16 * nearestRows

// Train makes a codec for vectors like those of sample, (rows, d), which are
// finite: the centroids by k-means, beginning with random rows, and the values
// of the buckets, for each dimension, where they are nearest to the sample's
// residuals (Lloyd 1982). Both are rounded to float16. The result does not depend
// on the number of workers. progress is told the iterations that are done.
func Train(ctx context.Context, sample []float32, d int, o Options, workers int, progress func(iteration int)) (*Codec, error) {
	if d < 1 || len(sample) == 0 || len(sample)%d != 0 || o.Centroids < 1 || !slices.Contains([]int{1, 2, 4, 8}, o.Bits) {
		return nil, fmt.Errorf("training a codec: %d numbers for %d centroids and %d bits in %d dimensions", len(sample), o.Centroids, o.Bits, d)
	}
	t := training{sample: sample, d: d, rows: len(sample) / d, workers: max(1, workers)}
	t.codes = make([]int32, t.rows)
	c := &Codec{d: d, bits: o.Bits}
	for _, row := range rand.New(rand.NewPCG(o.Seed, 0)).Perm(t.rows)[:min(o.Centroids, t.rows)] {
		c.centroids = append(c.centroids, sample[row*d:(row+1)*d]...)
	}
	for i := range o.Iterations {
		if err := t.assign(ctx, c); err != nil {
			return nil, err
		}
		t.move(c)
		progress(i + 1)
	}
	Half(c.centroids)
	if err := t.assign(ctx, c); err != nil {
		return nil, err
	}
	values, err := t.buckets(ctx, c)
	if err != nil {
		return nil, err
	}
	return New(d, c.centroids, values)
}

// A training is a sample with the codes of its rows.
type training struct {
	sample  []float32 // (rows, d)
	d, rows int
	codes   []int32 // (rows)
	workers int
}

// assign finds the nearest centroid of every row.
func (t *training) assign(ctx context.Context, c *Codec) error {
	c.pack()
	return t.inParallel(ctx, t.rows, trainRows, func(from, to int) {
		c.nearest(t.codes[from:to], t.sample[from*t.d:to*t.d])
	})
}

// move makes every centroid the mean of the rows that are nearest to it. One
// without any stays.
func (t *training) move(c *Codec) {
	counts := make([]int, c.Centroids())
	sums := make([]float32, len(c.centroids))
	for row, code := range t.codes {
		kernel.Add(sums[int(code)*t.d:int(code+1)*t.d], t.sample[row*t.d:(row+1)*t.d])
		counts[code]++
	}
	for i, n := range counts {
		if n > 0 {
			kernel.Scale(1/float32(n), sums[i*t.d:(i+1)*t.d])
			copy(c.centroids[i*t.d:(i+1)*t.d], sums[i*t.d:])
		}
	}
}

// buckets finds the values of the buckets, (2^bits, d).
func (t *training) buckets(ctx context.Context, c *Codec) ([]float32, error) {
	values := make([]float32, t.d<<c.bits)
	err := t.inParallel(ctx, t.d, 1, func(j, _ int) {
		residuals := make([]float32, t.rows)
		for row, code := range t.codes {
			residuals[row] = t.sample[row*t.d+j] - c.centroids[int(code)*t.d+j]
		}
		for i, value := range lloyd(residuals, 1<<c.bits) {
			values[i*t.d+j] = value
		}
	})
	return Half(values), err
}

// inParallel calls do for ranges of size items that make up n.
func (t *training) inParallel(ctx context.Context, n, size int, do func(from, to int)) error {
	tasks := pool.New().WithMaxGoroutines(t.workers)
	for from := 0; from < n && ctx.Err() == nil; from += size {
		tasks.Go(func() { do(from, min(n, from+size)) })
	}
	tasks.Wait()
	return context.Cause(ctx)
}

// lloydRounds is enough for 16 buckets to come to rest.
const lloydRounds = 300

// lloyd returns n values, in rising order, that the elements of x are near to:
// it begins with their quantiles, and moves each value to the mean of the elements
// that it is the nearest one of. It sorts x.
func lloyd(x []float32, n int) []float32 {
	slices.Sort(x)
	sums := make([]float64, len(x)+1)
	for i, v := range x {
		sums[i+1] = sums[i] + float64(v)
	}
	ends := make([]int, n) // of each bucket, in x
	values := make([]float32, n)
	for i := range ends {
		ends[i] = len(x) * (i + 1) / n
	}
	for range lloydRounds {
		from := 0
		for i, to := range ends {
			if from < to {
				values[i] = float32((sums[to] - sums[from]) / float64(to-from))
			} else {
				values[i] = x[min(from, len(x)-1)]
			}
			from = to
		}
		for i := range n - 1 {
			middle := (values[i] + values[i+1]) / 2
			ends[i], _ = slices.BinarySearchFunc(x, middle, func(v, middle float32) int {
				if v <= middle {
					return -1
				}
				return 1
			})
		}
	}
	return values
}

// Half rounds x to float16, in place, and returns it; what is too large becomes
// the largest.
func Half(x []float32) []float32 {
	const largest = 65504
	half := make([]uint16, len(x))
	for i, v := range x {
		x[i] = float32(math.Max(-largest, math.Min(largest, float64(v))))
	}
	kernel.ToFloat16(half, x)
	kernel.FromFloat16(x, half)
	return x
}
