package kernel

import (
	"math"
	"slices"
	"testing"
)

// A narrowing rounds float32 to 16 bits with so many bits of mantissa, the leading one included.
type narrowing struct {
	name          string
	to            func(dst []uint16, x []float32)
	from          func(dst []float32, x []uint16)
	toTwin        func(dst []uint16, x []float32)
	fromTwin      func(dst []float32, x []uint16)
	bits          int
	smallest, top float64 // the smallest positive number, and the largest, to which half a step more is rounded down
	quiet         uint16  // what NaN gets
}

var narrowings = []narrowing{
	{"float16", ToFloat16, FromFloat16, toFloat16Generic, fromFloat16Generic, 11, 0x1p-24, 65504, 0x200},
	{"bfloat16", ToBFloat16, FromBFloat16, toUpperHalfGeneric, fromUpperHalfGeneric, 8, 0x1p-133, 0xffp120, 0x40},
}

// round computes in float64.
func (n narrowing) round(x float64) float64 {
	_, exponent := math.Frexp(x)
	step := max(math.Ldexp(1, exponent-n.bits), n.smallest)
	if x = math.RoundToEven(x/step) * step; math.Abs(x) > n.top {
		x = math.Inf(int(math.Copysign(1, x)))
	}
	return x
}

// every16 returns all numbers of 16 bits as float32, and those halfway between two, and the next to these.
func (n narrowing) every16() (halves []uint16, singles, between []float32) {
	for i := range 1 << 16 {
		halves = append(halves, uint16(i))
	}
	singles = make([]float32, len(halves))
	n.from(singles, halves)
	for i, v := range singles[1:] {
		middle := float32((float64(v) + float64(singles[i])) / 2)
		between = append(between, middle, math.Nextafter32(middle, -math.MaxFloat32), math.Nextafter32(middle, math.MaxFloat32))
	}
	return halves, singles, between
}

func TestNarrowing(t *testing.T) {
	for _, n := range narrowings {
		t.Run(n.name, func(t *testing.T) {
			eachISA(t, func(t *testing.T) {
				halves, singles, between := n.every16()
				back := make([]uint16, len(halves))
				n.to(back, singles)
				for i, v := range singles {
					if v != v {
						halves[i] |= n.quiet
					}
					if back[i] != halves[i] {
						t.Errorf("%#04x becomes %g and then %#04x", halves[i], v, back[i])
					}
				}
				between = append(between, oddFloats(t, 10000).data...)
				rounded, values := make([]uint16, len(between)), make([]float32, len(between))
				n.to(rounded, between)
				n.from(values, rounded)
				for i, v := range between {
					if want := n.round(float64(v)); !near(values[i], want, 0) || v == v && math.Signbit(float64(values[i])) != math.Signbit(float64(v)) {
						t.Fatalf("%g is rounded to %g, want %g", v, values[i], want)
					}
				}
			})
		})
	}
}

// Conversions have the bits of their twins, payloads of NaN included, and write nothing beyond the end.
func TestNarrowingTwins(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for _, n := range narrowings {
			for _, size := range sizes {
				x, got := oddFloats(t, size), newBuffer(size, 1)
				halves, want := make([]uint16, size+1), make([]uint16, size+1)
				halves[size], want[size] = 0xabcd, 0xabcd
				n.to(halves[:size], x.data)
				n.toTwin(want[:size], x.data)
				if !slices.Equal(halves, want) {
					t.Fatalf("%s, %d elements: %#04x, want %#04x", n.name, size, halves, want)
				}
				for i := range size {
					halves[i] = uint16(math.Float32bits(x.data[i]) >> 13)
				}
				n.from(got.data, halves[:size])
				n.fromTwin(x.data, halves[:size])
				sameBits(t, got.data, x.data)
				got.check(t)
			}
		}
	})
}
