//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

//go:generate go run -C asm . -set avx2 -out ../kernels_avx2_amd64.s -stubs ../kernels_avx2_amd64.go -pkg kernel
//go:generate go run -C asm . -set avx512 -out ../kernels_avx512_amd64.s -stubs ../kernels_avx512_amd64.go -pkg kernel
//go:generate go run -C asm . -set avx512_vnni -out ../kernels_avx512_vnni_amd64.s -stubs ../kernels_avx512_vnni_amd64.go -pkg kernel
//go:generate go run -C asm . -set avx512_bf16 -out ../kernels_avx512_bf16_amd64.s -stubs ../kernels_avx512_bf16_amd64.go -pkg kernel

// available lists what this machine can run, the fastest last.
func available() []isa {
	offered := []isa{generic}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasF16C {
		offered = append(offered, avx2)
	}
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
		offered = append(offered, avx512())
		if cpu.X86.HasAVX512VNNI {
			offered = append(offered, avx512VNNI())
			if cpu.X86.HasAVX512BF16 {
				offered = append(offered, avx512BFloat16())
			}
		}
	}
	return offered
}

var avx2 = isa{
	name:                "avx2",
	lanes:               8,
	strip:               stripAVX2,
	tile:                genericTile,
	bfloat16:            roundedTo(genericTile, stripAVX2),
	int8:                integers{depth: 2, rotate: rotateAVX2, quantize: quantizeAVX2, rounding: roundingAVX2, strip: stripInt8AVX2},
	multiplyAdd:         multiplyAddAVX2,
	transpose:           transposePanelAVX2,
	copyRows:            panels6AVX2,
	copyColumns:         panels16AVX2,
	dot:                 dotAVX2,
	atLeast:             atLeastAVX2,
	axpy:                axpyAVX2,
	add:                 addAVX2,
	addRows:             addRowsAVX2,
	scale:               scaleAVX2,
	sumSquares:          sumSquaresAVX2,
	exp:                 expAVX2,
	softmax:             softmaxAVX2,
	softmaxRows:         softmaxRowsAVX2,
	softmaxBackwardRows: softmaxBackwardRowsAVX2,
	sinkhorn:            sinkhornAVX2,
	gibbs:               gibbsAVX2,
	plan:                planAVX2,
	rowMinima:           rowMinimaAVX2,
	columnMinima:        columnMinimaAVX2,
	gelu:                geluAVX2,
	geluBackward:        geluBackwardAVX2,
	layerNorm:           layerNormAVX2,
	layerNormBackward:   layerNormBackwardAVX2,
	adamW:               adamWAVX2,
	toFloat16:           toFloat16AVX2,
	fromFloat16:         fromFloat16AVX2,
	toUpperHalf:         toUpperHalfAVX2,
	fromUpperHalf:       fromUpperHalfAVX2,
}

// avx512 is avx2, but for the functions that gain by vectors of sixteen.
func avx512() isa {
	o := avx2
	o.name, o.lanes = "avx512", 16
	o.multiplyAdd = multiplyAddAVX512
	o.strip, o.tile = stripAVX512, tile{rows: 14, columns: 32}
	o.copyRows, o.copyColumns = panels14AVX512, panels32AVX512
	o.softmaxRows, o.softmaxBackwardRows = softmaxRowsAVX512, softmaxBackwardRowsAVX512
	o.bfloat16 = roundedTo(o.tile, stripAVX512)
	o.int8 = integers{depth: 2, rotate: rotateAVX512, quantize: quantizeAVX2, rounding: roundingAVX512, strip: stripInt8AVX512}
	o.dot, o.axpy, o.add, o.scale, o.sumSquares = dotAVX512, axpyAVX512, addAVX512, scaleAVX512, sumSquaresAVX512
	o.atLeast = atLeastAVX512
	o.exp, o.softmax, o.gelu, o.geluBackward = expAVX512, softmaxAVX512, geluAVX512, geluBackwardAVX512
	o.layerNorm, o.layerNormBackward, o.addRows = layerNormAVX512, layerNormBackwardAVX512, addRowsAVX512
	o.sinkhorn, o.gibbs, o.plan = sinkhornAVX512, gibbsAVX512, planAVX512
	o.rowMinima, o.columnMinima = rowMinimaAVX512, columnMinimaAVX512
	o.toFloat16, o.fromFloat16 = toFloat16AVX512, fromFloat16AVX512
	o.toUpperHalf, o.fromUpperHalf = toUpperHalfAVX512, fromUpperHalfAVX512
	return o
}

// avx512VNNI is avx512 with products of bytes.
func avx512VNNI() isa {
	o := avx512()
	o.name = "avx512_vnni"
	o.int8 = integers{depth: 4, rotate: rotateAVX512, quantize: quantizeVNNI, rounding: roundingAVX512, strip: stripInt8VNNI, multiplyAdd: multiplyAddInt8}
	return o
}

// avx512BFloat16 is avx512VNNI with products of pairs of bfloat16.
func avx512BFloat16() isa {
	o := avx512VNNI()
	o.name = "avx512_bf16"
	o.bfloat16 = bfloat16{depth: 2, convert: pairs, strip: stripBFloat16, multiplyAdd: multiplyAddBFloat16,
		copyRows: pairPanelsBFloat16(14, pairs14BFloat16), copyColumns: pairPanelsBFloat16(32, pairs32BFloat16)}
	return o
}

// pairPanelsBFloat16 returns pairPanelsGeneric, given what copies whole pairs.
func pairPanelsBFloat16(width int, whole pairPanels) pairPanels {
	rest := pairPanelsGeneric(width)
	return func(dst []float32, panel int, x []float32, ldx, depth, count, columns int) {
		if depth > 1 {
			whole(dst, panel, x, ldx, depth/2, count, columns)
		}
		if depth%2 > 0 {
			rest(dst[depth/2*width:], panel, x[(depth-1)*ldx:], ldx, 1, count, columns)
		}
	}
}

// pairs is pairsGeneric.
func pairs(dst, x []float32) {
	whole := len(x) &^ 31
	pairsBFloat16(dst, x[:whole])
	pairsGeneric(dst[whole/2:], x[whole:])
}

// transposePanelAVX2 is transposeGeneric, but writes vectors of eight: what lies between width and stride, and up to
// seven elements from there on, may change.
func transposePanelAVX2(dst []float32, stride int, x []float32, ldx, depth, width int) {
	whole := depth &^ 7
	if whole > 0 {
		for j := (width - 1) &^ 7; j >= 0; j -= 8 { // what reaches beyond stride is overwritten by the lower ones
			transposeAVX2(dst[j:], stride, x[j*ldx:], ldx, whole, width-j)
		}
	}
	if whole < depth {
		transposeGeneric(dst[whole*stride:], stride, x[whole:], ldx, depth-whole, width)
	}
}
