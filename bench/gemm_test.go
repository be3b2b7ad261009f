package bench

import (
	"fmt"
	"runtime"

	"github.com/ferry-clir/ferry/model/kernel"
	"golang.org/x/sys/unix"
)

// A product is of one shape in one precision, or the precision's roof.
type product struct {
	variant    string
	precision  kernel.Precision
	operations float64
	run        func()
	rates      []float64
}

var precisions = []string{kernel.Float32: "gemm-f32", kernel.BFloat16: "gemm-bf16", kernel.Int8: "gemm-int8"}

// gemm measures products of the encoder's shapes, as shares of what the machine does on registers alone. Everything
// takes turns, by the CPU time of one thread.
func gemm() (lines []line) {
	const rounds = 100_000
	var products []*product
	roofs := make([]*product, len(precisions))
	for i := range roofs {
		precision := kernel.Precision(i)
		roofs[i] = &product{operations: kernel.MultiplyAdd(precision, 1) * rounds, run: func() { kernel.MultiplyAdd(precision, rounds) }}
		if roofs[i].operations > 0 {
			products = append(products, roofs[i])
			products = append(products, packedProducts(precision)...)
		}
	}
	if roofs[kernel.Float32].operations > 0 {
		products = append(products, gradientProducts()...)
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
	name := "multiply-adds on registers"
	for _, p := range products {
		if p.variant == "" {
			continue
		}
		rate, peak := median(p.rates), median(roofs[p.precision].rates)
		lines = append(lines, line{Bench: precisions[p.precision], Variant: p.variant, Threads: 1, Value: number(rate), Unit: "GF/s", Peer: &name,
			PeerValue: number(peak), Ratio: number(rate / peak), Basis: "cpu"})
	}
	return lines
}

// packedProducts are those with weights, of encoders of 384 and 768, and a large one.
func packedProducts(precision kernel.Precision) (list []*product) {
	for _, s := range [][3]int{{512, 1536, 384}, {512, 384, 1536}, {512, 3072, 768}, {512, 768, 3072}, {2048, 2048, 2048}} {
		m, n, k := s[0], s[1], s[2]
		a, b, c := make([]float32, m*k), make([]float32, n*k), make([]float32, m*n)
		packed := &kernel.Packed{Precision: precision}
		packed.Repack(true, n, k, b, k)
		list = append(list, &product{variant: fmt.Sprintf("%d x %d x %d, packed weights", m, n, k), precision: precision,
			operations: 2 * float64(m*n*k), run: func() { kernel.GemmPacked(m, a, k, packed, nil, c, n) }})
	}
	return list
}

// gradientProducts are those that give the gradients of weights.
func gradientProducts() (list []*product) {
	for _, s := range [][3]int{{1536, 384, 512}, {384, 1536, 512}} {
		m, n, k := s[0], s[1], s[2]
		a, b, c := make([]float32, m*k), make([]float32, n*k), make([]float32, m*n)
		list = append(list, &product{variant: fmt.Sprintf("%d x %d x %d, gradient of weights", m, n, k), operations: 2 * float64(m*n*k),
			run: func() { kernel.Gemm(true, false, m, n, k, 1, a, m, b, n, 1, c, n) }})
	}
	return list
}
