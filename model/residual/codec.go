package residual

import (
	"fmt"
	"math"

	"github.com/ferry-clir/ferry/model/kernel"
)

// A Codec writes vectors as codes and buckets, and reads them back.
type Codec struct {
	d, bits   int
	centroids []float32 // (centroids, d)
	values    []float32 // (d, 2^bits): of each dimension, rising
	cutoffs   []float32 // (d, 2^bits): bucket i holds what is above cutoff i-1; the last one is not used
	packed    *kernel.Packed
	halves    []float32 // (centroids): half the squared length, negative
}

// New returns the codec with centroids, (any, d), and the values of the buckets,
// (2^bits, d), each dimension's in rising order. Bits are 1, 2, 4 or 8.
func New(d int, centroids, values []float32) (*Codec, error) {
	if d < 1 || len(centroids)%d != 0 || len(values)%d != 0 || len(centroids) == 0 {
		return nil, fmt.Errorf("%d and %d numbers are not centroids and bucket values of %d dimensions", len(centroids), len(values), d)
	}
	buckets := len(values) / d
	c := &Codec{d: d, centroids: centroids}
	for _, bits := range []int{1, 2, 4, 8} {
		if buckets == 1<<bits {
			c.bits = bits
		}
	}
	if c.bits == 0 {
		return nil, fmt.Errorf("there are %d buckets, not 2, 4, 16 or 256", buckets)
	}
	if square := kernel.SumSquares(centroids); !(square <= math.MaxFloat32) {
		return nil, fmt.Errorf("the centroids have a number that is not finite or too large")
	}
	c.values, c.cutoffs = make([]float32, len(values)), make([]float32, len(values))
	for j := range d {
		for i := range buckets {
			value, at := values[i*d+j], j*buckets+i
			if !(kernel.SumSquares(values[i*d+j:i*d+j+1]) <= math.MaxFloat32) || i > 0 && value < c.values[at-1] {
				return nil, fmt.Errorf("bucket %d of dimension %d has the value %v, which is not finite or below the one before", i, j, value)
			}
			c.values[at] = value
			if i > 0 {
				c.cutoffs[at-1] = (c.values[at-1] + value) / 2
			}
		}
	}
	c.pack()
	return c, nil
}

// pack lays out the centroids for products.
func (c *Codec) pack() {
	c.packed = kernel.Pack(true, c.Centroids(), c.d, c.centroids, c.d)
	c.halves = make([]float32, c.Centroids())
	for i := range c.halves {
		c.halves[i] = float32(-kernel.SumSquares(c.centroids[i*c.d:(i+1)*c.d]) / 2)
	}
}

// Centroids is their number, which is above every code.
func (c *Codec) Centroids() int { return len(c.centroids) / c.d }

// Rows are the centroids and the values that New makes the codec of again.
func (c *Codec) Rows() (centroids, values []float32) {
	values = make([]float32, len(c.values))
	for i, value := range c.values {
		values[i%(1<<c.bits)*c.d+i>>c.bits] = value
	}
	return c.centroids, values
}

// Dimensions is the length of the vectors.
func (c *Codec) Dimensions() int { return c.d }

// Bytes is the number of bytes that a vector's residual takes.
func (c *Codec) Bytes() int { return (c.d*c.bits + 7) / 8 }

// Products writes the dot products of vectors, (rows, d), with all centroids to
// dst, (rows, centroids).
func (c *Codec) Products(dst, vectors []float32) {
	kernel.GemmPacked(len(vectors)/c.d, vectors, c.d, c.packed, nil, dst, c.Centroids())
}

// nearestRows is the number of vectors that are compared with all centroids at
// once.
const nearestRows = 196

// nearest writes the number of the centroid nearest to each of vectors,
// (len(codes), d): of several, the first. Its distance is least where the dot
// product less half the centroid's squared length is greatest.
func (c *Codec) nearest(codes []int32, vectors []float32) {
	n := c.Centroids()
	products := make([]float32, min(nearestRows, len(codes))*n)
	for len(codes) > 0 {
		rows := min(nearestRows, len(codes))
		kernel.GemmPacked(rows, vectors, c.d, c.packed, c.halves, products, n)
		for row := range rows {
			best, code := float32(math.Inf(-1)), 0
			for i, x := range products[row*n : (row+1)*n] {
				if x > best {
					best, code = x, i
				}
			}
			codes[row] = int32(code)
		}
		codes, vectors = codes[rows:], vectors[rows*c.d:]
	}
}

// Encode writes vectors, (len(codes), d), as codes and residuals, (len(codes),
// Bytes()). Numbers that are not finite are a mistake of the caller.
func (c *Codec) Encode(codes []int32, residuals []byte, vectors []float32) {
	c.nearest(codes, vectors)
	clear(residuals)
	buckets := 1 << c.bits
	for row, code := range codes {
		centroid, packed := c.centroids[int(code)*c.d:], residuals[row*c.Bytes():]
		for j, x := range vectors[row*c.d : (row+1)*c.d] {
			rest, cutoffs, bucket := x-centroid[j], c.cutoffs[j*buckets:(j+1)*buckets], 0
			for step := buckets / 2; step > 0; step /= 2 {
				if rest > cutoffs[bucket+step-1] {
					bucket += step
				}
			}
			at := j * c.bits
			packed[at/8] |= byte(bucket << (at % 8))
		}
	}
}
