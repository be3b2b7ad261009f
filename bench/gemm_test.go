package bench

import (
	"fmt"
	"runtime"

	"github.com/ferry-clir/ferry/model/kernel"
	"golang.org/x/sys/unix"
)

// gemm measures products of the encoder's shapes, as shares of what the machine does on registers alone. Everything
// takes turns, by the CPU time of one thread.
func gemm() (lines []line) {
	type product struct {
		variant    string
		operations float64
		run        func()
		rates      []float64
	}
	const rounds = 100_000
	roof := product{run: func() { kernel.MultiplyAdd(kernel.Float32, rounds) }, operations: kernel.MultiplyAdd(kernel.Float32, 1) * rounds}
	if roof.operations == 0 {
		return nil // nothing to measure against
	}
	products := []*product{&roof}
	for _, s := range [][3]int{{512, 1536, 384}, {512, 384, 1536}, {512, 3072, 768}, {512, 768, 3072}, {2048, 2048, 2048}} {
		m, n, k := s[0], s[1], s[2]
		a, b, c := make([]float32, m*k), make([]float32, n*k), make([]float32, m*n)
		packed := kernel.Pack(true, n, k, b, k)
		products = append(products, &product{variant: fmt.Sprintf("%d x %d x %d, packed weights", m, n, k), operations: 2 * float64(m*n*k),
			run: func() { kernel.GemmPacked(m, a, k, packed, nil, c, n) }})
	}
	for _, s := range [][3]int{{1536, 384, 512}, {384, 1536, 512}} {
		m, n, k := s[0], s[1], s[2]
		a, b, c := make([]float32, m*k), make([]float32, n*k), make([]float32, m*n)
		products = append(products, &product{variant: fmt.Sprintf("%d x %d x %d, gradient of weights", m, n, k), operations: 2 * float64(m*n*k),
			run: func() { kernel.Gemm(true, false, m, n, k, 1, a, m, b, n, 1, c, n) }})
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for range 21 {
		for _, p := range products {
			start := cpuSeconds(unix.CLOCK_THREAD_CPUTIME_ID)
			p.run()
			p.rates = append(p.rates, p.operations/1e9/(cpuSeconds(unix.CLOCK_THREAD_CPUTIME_ID)-start))
		}
	}
	peak, name := median(roof.rates), "multiply-adds on registers"
	for _, p := range products[1:] {
		rate := median(p.rates)
		lines = append(lines, line{Bench: "gemm-f32", Variant: p.variant, Threads: 1, Value: number(rate), Unit: "GF/s", Peer: &name,
			PeerValue: number(peak), Ratio: number(rate / peak), Basis: "cpu"})
	}
	return lines
}
