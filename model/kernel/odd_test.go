package kernel

import (
	"math"
	"slices"
	"testing"
)

// A call is one of a function on slices of one length.
type call struct {
	name string
	run  func(s [6][]float32)
}

var calls = []call{
	{"Dot", func(s [6][]float32) { s[0][0] = Dot(s[1], s[2]) }},
	{"SumSquares", func(s [6][]float32) { s[0][0] = float32(SumSquares(s[1])) }},
	{"Axpy", func(s [6][]float32) { Axpy(0.7, s[1], s[0]) }},
	{"Add", func(s [6][]float32) { Add(s[0], s[1]) }},
	{"AddRows", func(s [6][]float32) { AddRows(s[0], slices.Concat(s[1:]...), 5) }},
	{"Scale", func(s [6][]float32) { Scale(-3, s[0]) }},
	{"Exp", func(s [6][]float32) { Exp(s[0], s[1]) }},
	{"Softmax", func(s [6][]float32) { Softmax(s[0]) }},
	{"GELU", func(s [6][]float32) { GELU(s[0], s[1]) }},
	{"GELUBackward", func(s [6][]float32) { GELUBackward(s[0], s[1], s[2]) }},
	// Not the mean: that of a row with an infinity may be NaN or infinite, as its normalised elements are NaN.
	{"LayerNorm", func(s [6][]float32) { LayerNorm(s[0], s[1], s[2], s[3], 1, len(s[0]), 1e-5, nil, nil) }},
	{"LayerNormBackward", func(s [6][]float32) {
		LayerNormBackward(s[0], s[1], s[2], s[3], s[4], s[5], []float32{0.1}, []float32{1.3}, 1, len(s[0]))
	}},
	{"AdamW", func(s [6][]float32) {
		AdamW(AdamWStep{0.01, 0.9, 0.99, 1e-8, 0.1, 0.1, 0.01, 1}, s[0], s[1], s[2], s[3])
	}},
}

// NaN, infinities, numbers of extreme size and denormals have the same effect as in the twins, wherever they stand.
func TestOddNumbers(t *testing.T) {
	inf := float32(math.Inf(1))
	odd := []float32{float32(math.NaN()), inf, -inf, 1e30, -1e30, 1e-45, -1e-40, 0, float32(math.Copysign(0, -1))}
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, c := range calls {
			for _, n := range []int{1, 5, 8, 9, 16, 31, 33, 71} {
				for _, v := range odd {
					for slice := range 6 {
						var got, want [6][]float32
						for i := range got {
							got[i] = random(r, n, i).data
						}
						got[slice][r.IntN(n)] = v
						for i := range got {
							want[i] = slices.Clone(got[i])
						}
						c.run(got)
						runGeneric(c, want)
						for i := range got {
							for j, w := range want[i] {
								if !near(got[i][j], float64(w), 1e-5) {
									t.Fatalf("%s of %d elements, %g in slice %d: element %d of slice %d is %g, want %g",
										c.name, n, v, slice, j, i, got[i][j], w)
								}
							}
						}
					}
				}
			}
		}
	})
}

func runGeneric(c call, s [6][]float32) {
	defer func(before isa) { active = before }(active)
	active = generic
	c.run(s)
}

// Denormals are numbers: none is taken for 0.
func TestDenormals(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		x, y := make([]float32, 39), make([]float32, 39)
		for i := range x {
			x[i], y[i] = float32(i)*0x1p-149, float32(i)*0x1p-140
		}
		Add(x, y)
		Axpy(-2, y, x)
		Scale(-3, x)
		AddRows(x, y, 1)
		for i, v := range x {
			if want := float32(i) * (4*0x1p-140 - 3*0x1p-149); v != want {
				t.Errorf("element %d is %g, want %g", i, v, want)
			}
		}
		if got := SumSquares(x); !(got > 0) {
			t.Errorf("the sum of squares is %g", got)
		}
	})
}
