// Package kernel holds the arithmetic of the encoder on float32 slices: matrix products, attention, vector sums,
// softmax, GELU, layer normalisation, one AdamW step and conversion to 16 bits. Matrices are row-major; the leading
// dimension (lda, ldb, ldc) is the distance between the starts of two rows, in elements.
//
// Vocabulary: a panel is a few rows of A, or columns of B, laid out so that the innermost loop reads it from front to
// back; a tile is the part of C that a panel of each gives, summed in registers; a strip is the product of some rows of
// A with one panel of B; a twin is the portable Go loop that an assembly function must agree with; the ISA is the set
// of instructions that was chosen when the program started; a unit is 32 bits of an operand, one float32 or several
// narrower numbers.
//
// Every element of a product is one sum over k in ascending order, in blocks of a fixed length. So a row of C has the
// same bits whatever the other rows are and however many there are, and a sequence's result never depends on its
// batch. Results differ between ISAs by rounding only.
//
// A packed matrix may ask for products of less precision: operands are bfloat16, or integers of 8 bits with a scale for
// every row of A and column of B, and sums and results float32. Products of integers have the same bits on every ISA.
//
// Wrong shapes are mistakes of the programmer: every function panics on them with a fixed string, and on nothing else.
// NaN and infinities go through as IEEE 754 says. All functions run on the caller's goroutine alone, are safe for
// concurrent use on different outputs, and allocate nothing once warm, packing a matrix excepted.
//
// Start with gemm.go. FERRY_CPU fixes the ISA: generic, avx2, avx512, avx512_vnni (with fast products of
// integers of 8 bits), avx512_bf16 (of bfloat16, too) or neon. The build tag purego leaves the twins only.
package kernel
