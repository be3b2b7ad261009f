package kernel

import (
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
