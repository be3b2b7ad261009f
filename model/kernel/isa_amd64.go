//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

//go:generate go run -C asm . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg kernel

// available lists what this machine can run, the fastest last.
func available() []isa {
	offered := []isa{generic}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		offered = append(offered, avx2)
	}
	return offered
}

var avx2 = isa{
	name:              "avx2",
	strip:             stripAVX2,
	multiplyAdd:       multiplyAddAVX2,
	transpose:         transposePanelAVX2,
	panels6:           panels6AVX2,
	panels16:          panels16AVX2,
	dot:               dotAVX2,
	axpy:              axpyAVX2,
	add:               addAVX2,
	scale:             scaleAVX2,
	sumSquares:        sumSquaresAVX2,
	exp:               expAVX2,
	softmax:           softmaxAVX2,
	gelu:              geluAVX2,
	geluBackward:      geluBackwardAVX2,
	layerNorm:         layerNormAVX2,
	layerNormBackward: layerNormBackwardAVX2,
	adamW:             adamWAVX2,
}

// transposePanelAVX2 is transposeGeneric, but writes vectors of eight: what lies between width and stride, and up to
// seven elements from there on, may change.
func transposePanelAVX2(dst []float32, stride int, x []float32, ldx, depth, width int) {
	whole := depth &^ 7
	for j := 0; j < width && whole > 0; j += 8 {
		transposeAVX2(dst[j:], stride, x[j*ldx:], ldx, whole, width-j)
	}
	if whole < depth {
		transposeGeneric(dst[whole*stride:], stride, x[whole:], ldx, depth-whole, width)
	}
}
