package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// FuzzGemm compares products of any small shape with gonum's.
func FuzzGemm(f *testing.F) {
	f.Add(uint64(1), uint8(30), uint8(30), uint16(32), uint8(2), uint8(0))
	f.Add(uint64(2), uint8(7), uint8(17), uint16(385), uint8(1), uint8(3))
	f.Add(uint64(3), uint8(49), uint8(70), uint16(9), uint8(3), uint8(1))
	f.Fuzz(func(t *testing.T, seed uint64, m, n uint8, k uint16, transposes, pad uint8) {
		r := rand.New(rand.NewPCG(seed, 0))
		p := newProduct(r, transposes&1 != 0, transposes&2 != 0, int(m), int(n), int(k%1600), int(pad%5), int(pad/5%5), int(pad/25))
		p.beta = []float32{0, 1, -0.5}[r.IntN(3)]
		want := p.blas()
		p.run()
		p.compare(t, want)
	})
}

// FuzzNarrow compares products in bfloat16 and integers of any small shape with formulas in float64.
func FuzzNarrow(f *testing.F) {
	f.Add(uint64(1), uint8(30), uint8(30), uint16(32))
	f.Add(uint64(2), uint8(7), uint8(17), uint16(385))
	f.Fuzz(func(t *testing.T, seed uint64, m, n uint8, k uint16) {
		r := rand.New(rand.NewPCG(seed, 0))
		checkBFloat16(t, r, 1+int(m), 1+int(n), 1+int(k%1600))
		checkInt8(t, r, 1+int(m), 1+int(n), 1+int(k%1600))
	})
}

// FuzzElementwise compares functions of any float32 with formulas in float64.
func FuzzElementwise(f *testing.F) {
	f.Add(uint8(3), uint8(17), uint32(0x3f800000), uint32(0x42b17218), uint32(0))
	f.Add(uint8(4), uint8(8), uint32(0xff800000), uint32(0xc0b00000), uint32(0x7fc00000))
	f.Add(uint8(5), uint8(33), uint32(1), uint32(0x40b33333), uint32(0xbf800000))
	f.Fuzz(func(t *testing.T, which, n uint8, a, b, c uint32) {
		fn, operands, size := elementwises[int(which)%len(elementwises)], [3]buffer{}, 1.0
		var v [3]float64
		for i, bits := range []uint32{a, b, c} {
			x := math.Float32frombits(bits)
			if i == 2 && x-x != 0 {
				x = 1 // times a derivative that is almost 0, infinity means nothing
			}
			operands[i] = newBuffer(int(n), i)
			for j := range operands[i].data {
				operands[i].data[j] = x
			}
			if v[i] = float64(x); x-x == 0 {
				size = max(size, math.Abs(v[i])) // rounding errors are parts of it
			}
		}
		fn.run(operands[0].data, operands[1].data, operands[2].data)
		want := float64(float32(fn.reference(v[0], v[1], v[2])))
		for i, got := range operands[0].data {
			if !near(got, want, fn.tolerance*size) {
				t.Fatalf("%s of %g: element %d is %g, want %g", fn.name, v, i, got, want)
			}
		}
		for _, o := range operands {
			o.check(t)
		}
	})
}
