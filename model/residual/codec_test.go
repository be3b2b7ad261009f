package residual

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func random(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func train(t testing.TB, sample []float32, d int, o Options, workers int) *Codec {
	t.Helper()
	c, err := Train(context.Background(), sample, d, o, workers, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *Codec) encoded(vectors []float32) ([]int32, []byte) {
	codes := make([]int32, len(vectors)/c.d)
	residuals := bytes.Repeat([]byte{0xa5}, len(codes)*c.Bytes())
	c.Encode(codes, residuals, vectors)
	return codes, residuals
}

// decodedTwin reads one vector back from its bits, a digit of 0 or 1 each.
func decodedTwin(c *Codec, values []float32, code int32, residual []byte) []float32 {
	digits := ""
	for _, b := range residual {
		for i := range 8 {
			digits += fmt.Sprint(b >> i & 1)
		}
	}
	vector := make([]float32, c.d)
	for j := range vector {
		bucket := 0
		for i := range c.bits {
			bucket += int(digits[j*c.bits+i]-'0') << i
		}
		vector[j] = float32(float64(c.centroids[int(code)*c.d+j]) + float64(values[bucket*c.d+j]))
	}
	return vector
}

// TestCodec compares what is written and read back with the definition, in float64.
func TestCodec(t *testing.T) {
	for _, bits := range []int{1, 2, 4, 8} {
		for _, d := range []int{1, 3, 31, 64, 129} {
			r := rand.New(rand.NewPCG(uint64(bits), uint64(d)))
			centroids, values := random(r, 37*d), random(r, d<<bits)
			for j := range d {
				var column []float32
				for i := j; i < len(values); i += d {
					column = append(column, values[i])
				}
				slices.Sort(column)
				for i, v := range column {
					values[i*d+j] = v
				}
			}
			c, err := New(d, centroids, values)
			if err != nil {
				t.Fatal(err)
			}
			if again, back := c.Rows(); !slices.Equal(again, centroids) || !slices.Equal(back, values) {
				t.Errorf("%d bits, %d dimensions: the rows are others", bits, d)
			}
			vectors := random(r, 401*d)
			codes, residuals := c.encoded(vectors)
			decoded := make([]float32, len(vectors))
			c.Decode(decoded, codes, residuals)
			for row, code := range codes {
				x := vectors[row*d : (row+1)*d]
				if near, at := distance(x, centroids[int(code)*d:]), nearestTwin(x, centroids); near > at+1e-5 {
					t.Fatalf("%d bits, %d dimensions: row %d is %v from its centroid, and %v from the nearest", bits, d, row, near, at)
				}
				got := decoded[row*d : (row+1)*d]
				if want := decodedTwin(c, values, code, residuals[row*c.Bytes():(row+1)*c.Bytes()]); !slices.Equal(got, want) {
					t.Fatalf("%d bits, %d dimensions: row %d reads %v, should be %v", bits, d, row, got, want)
				}
				for j, v := range got {
					for i := j; i < len(values); i += d {
						other := centroids[int(code)*d+j] + values[i]
						if math.Abs(float64(x[j]-v)) > math.Abs(float64(x[j]-other))+1e-5 {
							t.Fatalf("%d bits: %v is read back as %v, though %v is nearer", bits, x[j], v, other)
						}
					}
				}
			}
			one, alone := c.encoded(vectors[200*d : 201*d])
			if one[0] != codes[200] || !bytes.Equal(alone, residuals[200*c.Bytes():201*c.Bytes()]) {
				t.Errorf("%d bits, %d dimensions: a row alone is written otherwise than among others", bits, d)
			}
		}
	}
}

func distance(x, y []float32) (sum float64) {
	for i, v := range x {
		sum += float64(v-y[i]) * float64(v-y[i])
	}
	return sum
}

func nearestTwin(x, centroids []float32) float64 {
	least := math.Inf(1)
	for ; len(centroids) > 0; centroids = centroids[len(x):] {
		least = min(least, distance(x, centroids))
	}
	return least
}

// TestLloyd compares the values with those published for a normal distribution (Max 1960, table I), and their squared error.
func TestLloyd(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for bits, want := range map[int]struct {
		values []float64 // the positive ones
		err    float64
	}{
		1: {[]float64{0.7980}, 0.3634},
		2: {[]float64{0.4528, 1.510}, 0.1175},
		4: {[]float64{0.1284, 0.3881, 0.6568, 0.9424, 1.256, 1.618, 2.069, 2.733}, 0.009497},
	} {
		x := random(r, 1<<18)
		values := lloyd(slices.Clone(x), 1<<bits)
		for i, v := range want.values {
			if got := float64(values[len(want.values)+i]-values[len(want.values)-1-i]) / 2; math.Abs(got-v) > 0.03*v {
				t.Errorf("%d bits: value %d is %v, published %v", bits, i, got, v)
			}
		}
		sum := 0.0
		for _, v := range x {
			sum += nearestTwin([]float32{v}, values)
		}
		if got := sum / float64(len(x)); math.Abs(got/want.err-1) > 0.02 {
			t.Errorf("%d bits: squared error %v, published %v", bits, got, want.err)
		}
	}
}

// TestTrain: clusters that lie far apart are found, whatever the number of workers.
func TestTrain(t *testing.T) {
	const d, clusters, rows = 24, 9, 5000
	r := rand.New(rand.NewPCG(3, 4))
	means, sample := random(r, clusters*d), random(r, rows*d)
	for i := range sample {
		sample[i] = 0.01*sample[i] + 10*means[i/d%clusters*d+i%d]
	}
	o := Options{Centroids: 40, Bits: 2, Iterations: 5, Seed: 7}
	c := train(t, sample, d, o, 1)
	for i := range rows {
		if near := nearestTwin(sample[i*d:(i+1)*d], c.centroids); near > d*0.01*0.01*4 {
			t.Fatalf("row %d is %v from the nearest centroid", i, near)
		}
	}
	again := train(t, sample, d, o, 5)
	if !slices.Equal(c.centroids, again.centroids) || !slices.Equal(c.values, again.values) {
		t.Error("5 workers train another codec than one")
	}
	if few := train(t, sample[:3*d], d, o, 1); few.Centroids() != 3 {
		t.Errorf("%d centroids of 3 rows", few.Centroids())
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Train(ctx, sample, d, o, 2, func(int) {}); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

// TestTrainNears: more bits and more centroids leave less error, and none where every row has its centroid.
func TestTrainNears(t *testing.T) {
	const d, rows = 32, 3000
	sample := random(rand.New(rand.NewPCG(5, 6)), rows*d)
	last := math.Inf(1)
	for _, o := range []Options{{Centroids: 1, Bits: 1}, {Centroids: 60, Bits: 1}, {Centroids: 60, Bits: 2}, {Centroids: 60, Bits: 4}, {Centroids: 60, Bits: 8}, {Centroids: rows, Bits: 8}} {
		o.Iterations = 4
		c := train(t, sample, d, o, 2)
		codes, residuals := c.encoded(sample)
		decoded := make([]float32, len(sample))
		c.Decode(decoded, codes, residuals)
		off := distance(sample, decoded) / rows
		if off >= last {
			t.Errorf("%+v: error %v, before %v", o, off, last)
		}
		last = off
	}
	if last > 1e-5 {
		t.Errorf("error %v where every row has its centroid", last)
	}
}

func TestNewRefuses(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		d                 int
		centroids, values []float32
		want              string
	}{
		{0, []float32{1}, []float32{0, 1}, "not centroids"},
		{2, []float32{1, 2, 3}, []float32{0, 0, 1, 1}, "not centroids"},
		{1, nil, []float32{0, 1}, "not centroids"},
		{1, []float32{1}, []float32{0, 1, 2}, "3 buckets"},
		{1, []float32{nan}, []float32{0, 1}, "not finite"},
		{1, []float32{1}, []float32{nan, 1}, "not finite"},
		{1, []float32{1}, []float32{0, nan}, "not finite"},
		{2, []float32{1, 1}, []float32{0, 1, 1, 0}, "below the one before"},
	} {
		if _, err := New(c.d, c.centroids, c.values); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// BenchmarkCodec writes and reads back with as many centroids as a real collection has.
func BenchmarkCodec(b *testing.B) {
	const d, rows = 384, 2048
	sample := random(rand.New(rand.NewPCG(1, 1)), 4096*d)
	c := train(b, sample, d, Options{Centroids: 4096, Bits: 2, Iterations: 0}, 2)
	vectors := sample[:rows*d]
	codes, residuals := c.encoded(vectors)
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			c.Encode(codes, residuals, vectors)
		}
		b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
	})
	b.Run("decode", func(b *testing.B) {
		decoded := make([]float32, len(vectors))
		for b.Loop() {
			c.Decode(decoded, codes, residuals)
		}
		b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
	})
}
