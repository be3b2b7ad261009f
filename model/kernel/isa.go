package kernel

import (
	"fmt"
	"os"
	"strings"
)

//go:generate go run -C asm ./neon -out ../kernels_neon_arm64.s -stubs ../kernels_neon_arm64.go

// An isa is one set of functions that all use the same instructions. The comment of each function is its twin.
type isa struct {
	name  string
	lanes int // float32 elements of a vector
	// strip multiplies m rows of A with one panel of n columns of B: see stripGeneric.
	strip       strip
	tile        tile
	bfloat16    bfloat16
	int8        integers
	multiplyAdd func(rounds int) // see MultiplyAdd; nil where there is none
	transpose   func(dst []float32, stride int, x []float32, ldx, depth, width int)
	// copyRows and copyColumns fill panels as wide as the tile has rows or columns: see panelsGeneric.
	copyRows    func(dst []float32, panel int, x []float32, ldx, depth, count int)
	copyColumns func(dst []float32, panel int, x []float32, ldx, depth, count int)
	dot         func(x, y []float32) float32
	atLeast     func(dst []int32, x []float32, least float32) int
	axpy        func(alpha float32, x, y []float32)
	add         func(dst, x []float32)
	addRows     func(dst, x []float32, rows int)
	scale       func(alpha float32, x []float32)
	sumSquares  func(x []float32) float64
	exp         func(dst, x []float32)
	softmax     func(x []float32)
	// softmaxRows and softmaxBackwardRows take rows, at least 1, with room for whole vectors: see attention.go.
	softmaxRows         func(rows, n int, x []float32, ld int)
	softmaxBackwardRows func(rows, n int, p, kept, dp []float32, ld int)
	gelu                func(dst, x []float32)
	geluBackward        func(dx, x, dy []float32)
	// sinkhorn, gibbs, plan and the minima are for transport problems: see scaling.go. They take at least one row and column.
	sinkhorn     func(n, relax, rows, ld int, k, a, b, u, v, sums, progress []float32)
	gibbs        func(k []float32, ld int, costs []float32, columns int, inverse float32, f, g []float32)
	plan         func(plan, costs []float32, columns, ld int, k, a, u, v, sums []float32) (value, rowError float32)
	rowMinima    func(dst, costs, g []float32) (largest, odd float32)
	columnMinima func(dst, costs, f []float32)
	// layerNorm and layerNormBackward take one row.
	layerNorm         func(dst, x, gamma, beta []float32, epsilon float32) (mean, rstd float32)
	layerNormBackward func(dx, dgamma, dbeta, x, dy, gamma []float32, mean, rstd float32)
	adamW             func(decay, rate, root, epsilon, beta1, rest1, beta2, rest2 float32, w, m, v, g []float32)
	// The conversions take whole vectors, at least one: float32 to its upper half is bfloat16.
	toFloat16, toUpperHalf     func(dst []uint16, x []float32)
	fromFloat16, fromUpperHalf func(dst []float32, x []uint16)
}

var generic = isa{
	name:                "generic",
	lanes:               1,
	strip:               stripGeneric,
	tile:                genericTile,
	bfloat16:            roundedTo(genericTile, stripGeneric),
	int8:                integers{depth: 4, rotate: rotateGeneric, quantize: quantizeGeneric(4), rounding: roundingGeneric, strip: stripInt8Generic(4)},
	transpose:           transposeGeneric,
	copyRows:            panelsGeneric(genericTile.rows),
	copyColumns:         panelsGeneric(genericTile.columns),
	dot:                 dotGeneric,
	atLeast:             atLeastGeneric,
	axpy:                axpyGeneric,
	add:                 addGeneric,
	addRows:             addRowsGeneric(addGeneric),
	scale:               scaleGeneric,
	sumSquares:          sumSquaresGeneric,
	exp:                 expGeneric,
	softmax:             softmaxGeneric,
	softmaxRows:         softmaxRowsGeneric(softmaxGeneric),
	softmaxBackwardRows: softmaxBackwardRowsGeneric,
	sinkhorn:            sinkhornGeneric,
	gibbs:               gibbsGeneric,
	plan:                planGeneric,
	rowMinima:           rowMinimaGeneric,
	columnMinima:        columnMinimaGeneric,
	gelu:                geluGeneric,
	geluBackward:        geluBackwardGeneric,
	layerNorm:           layerNormGeneric,
	layerNormBackward:   layerNormBackwardGeneric,
	adamW:               adamWGeneric,
	toFloat16:           toFloat16Generic,
	fromFloat16:         fromFloat16Generic,
	toUpperHalf:         toUpperHalfGeneric,
	fromUpperHalf:       fromUpperHalfGeneric,
}

// environment is the variable that fixes the instructions.
const environment = "FERRY_CPU"

// active is chosen once, when the program starts: one process never mixes two.
var active = choose(os.Getenv(environment), available())

// choose returns the set called name, or the last of those offered, which is the fastest, where the machine has none
// of that name.
func choose(name string, offered []isa) isa {
	for _, o := range offered {
		if o.name == name {
			return o
		}
	}
	return offered[len(offered)-1]
}

// ISA names the instructions in use.
func ISA() string { return active.name }

// CheckISA returns an error if FERRY_CPU asks for instructions that this machine does not have; others are in use then.
func CheckISA() error {
	asked := os.Getenv(environment)
	if asked == "" || asked == active.name {
		return nil
	}
	var names []string
	for _, o := range available() {
		names = append(names, o.name)
	}
	return fmt.Errorf("%s is %q, but this machine has %s", environment, asked, strings.Join(names, ", "))
}
