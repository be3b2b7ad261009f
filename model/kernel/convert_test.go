package kernel

import (
	"math"
	"testing"
)

// oddFloats returns numbers of all magnitudes, with zeros, denormals, infinities and NaN among them.
func oddFloats(t *testing.T, n int) buffer {
	r := newRandom(t)
	b := newBuffer(n, 3)
	special := []uint32{0, 1, 0x7fffff, 0x800000, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7f7fffff, 0x3f808000, 0x3f818000}
	for i := range b.data {
		pattern := r.Uint32()
		if i%5 == 0 {
			pattern = special[r.IntN(len(special))] | pattern&0x80000000
		}
		b.data[i] = math.Float32frombits(pattern)
	}
	return b
}

func TestToBFloat16(t *testing.T) {
	for _, v := range oddFloats(t, 100000).data {
		got, want := math.Float32frombits(toBFloat16(v)<<16), roundTo8(float64(v))
		if math.Abs(float64(v)) < 0x1p-126 {
			want = 0
		} else if math.Abs(want) >= 0x1p128 {
			want = math.Inf(map[bool]int{true: -1, false: 1}[math.Signbit(want)])
		}
		if !near(got, want, 0) || math.Signbit(float64(got)) != math.Signbit(float64(v)) {
			t.Fatalf("%g is rounded to %g, want %g", v, got, want)
		}
	}
}

func TestPairs(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		if active.bfloat16.depth != 2 {
			t.Skip("no instructions for bfloat16")
		}
		for _, n := range sizes {
			x, got, want := oddFloats(t, n), newBuffer((n+1)/2, 1), make([]float32, (n+1)/2)
			active.bfloat16.convert(got.data, x.data)
			pairsGeneric(want, x.data)
			sameBits(t, got.data, want)
			got.check(t)
		}
	})
}

func TestPairPanels(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		if active.bfloat16.depth != 2 {
			t.Skip("no instructions for bfloat16")
		}
		for width, f := range map[int]pairPanels{active.tile.rows: active.bfloat16.copyRows, active.tile.columns: active.bfloat16.copyColumns} {
			for _, depth := range []int{1, 2, 3, 8, 21} {
				for columns := 1; columns <= width; columns++ {
					const count = 3
					ldx, panel := count*width+1, (depth+1)/2*width
					x := oddFloats(t, (depth-1)*ldx+(count-1)*width+columns)
					got, want := newBuffer((count-1)*panel+((depth+1)/2-1)*width+columns, 1), newBuffer(len(x.data)+count*panel, 0)
					want.data = want.data[:len(got.data)]
					f(got.data, panel, x.data, ldx, depth, count, columns)
					pairPanelsGeneric(width)(want.data, panel, x.data, ldx, depth, count, columns)
					sameBits(t, got.data, want.data)
					got.check(t)
				}
			}
		}
	})
}

func TestRotate(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for n := 0; n <= 320; n += 64 {
			x, got, want := random(r, n, n%7), newBuffer(n, 1), make([]float32, n)
			if n > 64 {
				x.data[n/2] = float32(math.Inf(-1))
			}
			largest := active.int8.rotate(got.data, x.data)
			if wanted := rotateGeneric(want, x.data); largest != wanted {
				t.Errorf("%d elements: the largest is %#x, want %#x", n, largest, wanted)
			}
			for i, v := range got.data {
				if !near(v, float64(want[i]), 0) {
					t.Errorf("%d elements: element %d is %g, want %g", n, i, v, want[i])
				}
			}
			got.check(t)
		}
	})
}

func TestQuantize(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r, depth := newRandom(t), active.int8.depth
		for n := 0; n <= 320; n += 64 {
			x, got, want := random(r, n, n%7), newBuffer(n/depth, 1), make([]float32, n/depth)
			for i := 0; i < n; i += 3 {
				x.data[i] = float32(r.IntN(11)-5) / 2 / 25 // halves, once multiplied
			}
			for _, offset := range []int32{0, 128} {
				active.int8.quantize(got.data, x.data, 25, offset)
				quantizeGeneric(depth)(want, x.data, 25, offset)
				sameBits(t, got.data, want)
				got.check(t)
			}
		}
	})
}

func TestScales(t *testing.T) {
	for _, x := range []float32{0, 1e-40, 0x1p-101, 0x1p-100, 1, math.MaxFloat32, float32(math.Inf(1)), float32(math.NaN())} {
		scale, inverse := scales(math.Float32bits(x))
		if inverse-inverse != 0 {
			t.Errorf("%g: the inverse is %g", x, inverse)
		}
		if want := x / 127; x-x == 0 && scale != want && !(x < 0x1p-100 && scale == 0) || x-x != 0 && scale == scale {
			t.Errorf("%g: the scale is %g", x, scale)
		}
	}
}
