package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A rowKind emits loops over the rows of a matrix whose rows have room for whole vectors.
type rowKind struct {
	suffix string
	lanes  int
	vector func() reg.VecVirtual
	exp    func() func(x reg.VecVirtual) reg.VecVirtual // emits constants, and then e^x for x <= 0
	// tail prepares, for 1 to lanes elements (which it overwrites), the replacement of the others in x by those of rest.
	tail func(n reg.GPVirtual) func(x, rest reg.VecVirtual)
}

var rowKinds = map[string]rowKind{
	"avx2":   {"AVX2", 8, YMM, func() func(x reg.VecVirtual) reg.VecVirtual { return exp }, tail},
	"avx512": {"AVX512", 16, ZMM, expNegative512, tail512},
}

func tail(n reg.GPVirtual) func(x, rest reg.VecVirtual) {
	m := mask(n)
	return func(x, rest reg.VecVirtual) { VBLENDVPS(m, x, rest, x) }
}

func tail512(n reg.GPVirtual) func(x, rest reg.VecVirtual) {
	ones, m := GP64(), K()
	MOVQ(U32(0xffff), ones)
	BZHIQ(n, ones, ones)
	KMOVW(ones.As32(), m)
	return func(x, rest reg.VecVirtual) { VBLENDMPS(x, rest, m, x) }
}

// expNegative512 emits e^x for x <= 0: the steps of exp in activation.go of package kernel, but for the power of two.
func expNegative512() func(x reg.VecVirtual) reg.VecVirtual {
	const high = 355.0 / 512
	number := func(x float64) reg.VecVirtual {
		v := ZMM()
		VBROADCASTSS(number(x), v)
		return v
	}
	lowest, log2E, ln2High, ln2Low := number(-150), number(math.Log2E), number(high), number(math.Ln2-high)
	var coefficients []reg.VecVirtual
	for _, c := range []float64{5040, 720, 120, 24, 6, 2, 1} {
		coefficients = append(coefficients, number(1/c))
	}
	return func(x reg.VecVirtual) reg.VecVirtual {
		n, y := ZMM(), ZMM()
		VMAXPS(x, lowest, x) // NaN stays
		VMULPS(log2E, x, n)
		VRNDSCALEPS(Imm(0), n, n)
		VFNMADD231PS(ln2High, n, x)
		VFNMADD231PS(ln2Low, n, x)
		VMOVAPS(coefficients[0], y)
		for _, c := range append(coefficients[1:], coefficients[6]) {
			VFMADD213PS(c, x, y)
		}
		VSCALEFPS(n, y, y)
		return y
	}
}

// fill returns a vector of copies of x.
func (k rowKind) fill(x float64) reg.VecVirtual {
	v := k.vector()
	VBROADCASTSS(number(x), v)
	return v
}

// reduce combines the lanes of v by op, in all lanes: vectors with halves exchanged, then quarters, and so on.
func (k rowKind) reduce(v reg.VecVirtual, op func(x, y, z Op)) {
	for step := k.lanes / 2; step > 0; step /= 2 {
		other := k.vector()
		switch {
		case step == 1:
			VPERMILPS(Imm(0xb1), v, other)
		case step == 2:
			VPERMILPS(Imm(0x4e), v, other)
		case k.lanes == 8:
			VPERM2F128(Imm(1), v, v, other)
		case step == 4:
			VSHUFF64X2(Imm(0xb1), v, v, other)
		default:
			VSHUFF64X2(Imm(0x4e), v, v, other)
		}
		op(other, v, v)
	}
}

// each emits a loop over the n elements of rows, whole vectors at a time.
func (k rowKind) each(name string, n reg.Register, body func(i Mem)) {
	i := GP64()
	XORQ(i, i)
	Label(name)
	body(Mem{Index: i, Scale: 4})
	ADDQ(Imm(uint64(k.lanes)), i)
	CMPQ(i, n)
	JL(LabelRef(name))
}

// at returns the place i of a row.
func at(row reg.Register, i Mem) Mem {
	i.Base = row
	return i
}

// block emits a loop over as many rows of the matrices at a time, which hides latencies, and then over single ones. body
// gets where those rows start, by matrix, the place of the last vector of each, and what replaces its lanes beyond the
// row's end. The registers are overwritten.
func (k rowKind) block(several int, matrices []reg.Register, body func(name string, n reg.Register, rows [][]reg.Register, last Mem, replace func(x, rest reg.VecVirtual))) {
	n, last, rest, ld := Load(Param("n"), GP64()), GP64(), GP64(), bytes("ld")
	LEAQ(Mem{Base: n, Disp: -1}, last)
	MOVQ(last, rest)
	ANDQ(Imm(uint64(k.lanes-1)), rest)
	SUBQ(rest, last)
	INCQ(rest)
	replace := k.tail(rest)
	for _, several := range []int{several, 1} {
		name := map[bool]string{true: "one", false: "several"}[several == 1]
		Label(name)
		CMPQ(parameter("rows"), Imm(uint64(several)))
		JL(LabelRef(name + "Done"))
		rows := make([][]reg.Register, len(matrices))
		for i, m := range matrices {
			rows[i] = []reg.Register{m}
			for j := 1; j < several; j++ {
				row := GP64()
				LEAQ(Mem{Base: rows[i][j-1], Index: ld, Scale: 1}, row)
				rows[i] = append(rows[i], row)
			}
		}
		body(name, n, rows, Mem{Index: last, Scale: 4}, replace)
		for i, m := range matrices {
			LEAQ(Mem{Base: rows[i][several-1], Index: ld, Scale: 1}, m)
		}
		SUBQ(Imm(uint64(several)), parameter("rows"))
		JMP(LabelRef(name))
		Label(name + "Done")
	}
	VZEROUPPER()
	RET()
}

func (k rowKind) softmaxRows() {
	TEXT("softmaxRows"+k.suffix, NOSPLIT, "func(rows, n int, x []float32, ld int)")
	Doc("softmaxRows" + k.suffix + " is softmaxRowsGeneric.")
	x, exp, lowest, one := base("x"), k.exp(), k.fill(math.Inf(-1)), k.fill(1)
	k.block(4, []reg.Register{x}, func(name string, n reg.Register, rows [][]reg.Register, last Mem, replace func(x, rest reg.VecVirtual)) {
		x := rows[0]
		largest, sum := make([]reg.VecVirtual, len(x)), make([]reg.VecVirtual, len(x))
		for r := range x {
			v := k.vector()
			VMOVUPS(at(x[r], last), v)
			replace(v, lowest)
			VMOVUPS(v, at(x[r], last))
			largest[r] = k.vector()
			VMOVAPS(lowest, largest[r])
		}
		k.each(name+"Maximum", n, func(i Mem) {
			for r := range x {
				v := k.vector()
				VMOVUPS(at(x[r], i), v)
				VMAXPS(largest[r], v, largest[r]) // a NaN in v leaves largest
			}
		})
		for r := range x {
			k.reduce(largest[r], func(x, y, z Op) { VMAXPS(x, y, z) })
			sum[r] = k.vector()
			VXORPS(sum[r], sum[r], sum[r])
		}
		k.each(name+"Exp", n, func(i Mem) {
			for r := range x {
				v := k.vector()
				VMOVUPS(at(x[r], i), v)
				VSUBPS(largest[r], v, v)
				y := exp(v)
				VADDPS(y, sum[r], sum[r])
				VMOVUPS(y, at(x[r], i))
			}
		})
		for r := range x {
			k.reduce(sum[r], func(x, y, z Op) { VADDPS(x, y, z) })
			VDIVPS(sum[r], one, sum[r])
		}
		k.each(name+"Scale", n, func(i Mem) {
			for r := range x {
				v := k.vector()
				VMULPS(at(x[r], i), sum[r], v)
				VMOVUPS(v, at(x[r], i))
			}
		})
	})
}

func (k rowKind) softmaxBackwardRows() {
	TEXT("softmaxBackwardRows"+k.suffix, NOSPLIT, "func(rows, n int, p, kept, dp []float32, ld int)")
	Doc("softmaxBackwardRows" + k.suffix + " is softmaxBackwardRowsGeneric.")
	matrices, zero := []reg.Register{base("p"), base("kept"), base("dp")}, k.fill(0)
	k.block(2, matrices, func(name string, n reg.Register, rows [][]reg.Register, last Mem, replace func(x, rest reg.VecVirtual)) {
		p, kept, dp, sum := rows[0], rows[1], rows[2], make([]reg.VecVirtual, len(rows[0]))
		for r := range p {
			for _, x := range []reg.Register{kept[r], dp[r]} {
				v := k.vector()
				VMOVUPS(at(x, last), v)
				replace(v, zero)
				VMOVUPS(v, at(x, last))
			}
			sum[r] = k.vector()
			VXORPS(sum[r], sum[r], sum[r])
		}
		k.each(name+"Sum", n, func(i Mem) {
			for r := range p {
				v := k.vector()
				VMOVUPS(at(kept[r], i), v)
				VMULPS(at(dp[r], i), v, v)
				VADDPS(v, sum[r], sum[r])
				VMOVUPS(v, at(dp[r], i))
			}
		})
		for r := range p {
			k.reduce(sum[r], func(x, y, z Op) { VADDPS(x, y, z) })
		}
		k.each(name+"Loop", n, func(i Mem) {
			for r := range p {
				v := k.vector()
				VMOVUPS(at(dp[r], i), v)
				VFNMADD231PS(at(p[r], i), sum[r], v)
				VMOVUPS(v, at(dp[r], i))
			}
		})
	})
}
