package kernel

import (
	"math"
	"testing"
)

// TestToInt8 has all quarters of a scale of 1: numbers are rounded to the nearest, halves to even.
func TestToInt8(t *testing.T) {
	var x []float32
	for quarters := -4 * 127; quarters <= 4*127; quarters++ {
		x = append(x, float32(quarters)/4)
	}
	got := make([]int8, len(x))
	if scale := ToInt8(got, x); scale != 1 {
		t.Fatalf("scale %g", scale)
	}
	for i, v := range x {
		down := int(math.Floor(float64(v)))
		want := down
		if rest := float64(v) - float64(down); rest > 0.5 || rest == 0.5 && down%2 != 0 {
			want++
		}
		if int(got[i]) != want {
			t.Errorf("%g is rounded to %d, want %d", v, got[i], want)
		}
	}
	back := make([]float32, len(got))
	FromInt8(back, got, 0.5)
	for i, v := range back {
		if v != float32(got[i])/2 {
			t.Errorf("%d halves are %g", got[i], v)
		}
	}
}

// TestToInt8Bound: of any finite vector the largest number becomes 127, and none is off by more than half a scale, a little more in
// float32; one that is too small becomes zeros.
func TestToInt8Bound(t *testing.T) {
	r := newRandom(t)
	for _, size := range []float64{0, 1e-45, 0x1p-101, 0x1p-100, 1e-20, 1, 1e20, 1e38} {
		x, got, back := make([]float32, 37), make([]int8, 37), make([]float32, 37)
		for i := range x {
			x[i] = float32(size * (2*r.Float64() - 1))
		}
		x[11] = float32(-size)
		scale := ToInt8(got, x)
		FromInt8(back, got, scale)
		if size < 0x1p-100 {
			if scale != 0 || got[11] != 0 {
				t.Errorf("%g becomes %d of %g", size, got[11], scale)
			}
			continue
		}
		if got[11] != -127 {
			t.Errorf("%g becomes %d of %g", x[11], got[11], scale)
		}
		for i, v := range x {
			if off := math.Abs(float64(v) - float64(back[i])); !(off <= 0.50001*float64(scale)) {
				t.Errorf("%g is off by %g of %g", v, off, scale)
			}
		}
	}
}
