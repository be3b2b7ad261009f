package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The functions of this file take the rows of a matrix whose rows have room for whole vectors.

// row emits a loop over the n elements of rows, whole vectors at a time.
func row(name string, n reg.Register, body func(i Mem)) {
	i := GP64()
	XORQ(i, i)
	Label(name)
	body(Mem{Index: i, Scale: 4})
	ADDQ(Imm(uint64(width)), i)
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
func block(several int, matrices []reg.Register, body func(name string, n reg.Register, rows [][]reg.Register, last Mem, replace func(x, rest reg.VecVirtual))) {
	n, last, rest, ld := Load(Param("n"), GP64()), GP64(), GP64(), bytes("ld")
	LEAQ(Mem{Base: n, Disp: -1}, last)
	MOVQ(last, rest)
	ANDQ(Imm(uint64(width-1)), rest)
	SUBQ(rest, last)
	INCQ(rest)
	mask := first(rest)
	replace := func(x, rest reg.VecVirtual) { blend(mask, x, rest) }
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
	end()
}

func softmaxRows() {
	twin("softmaxRows", "func(rows, n int, x []float32, ld int)")
	x, exp, lowest, one := base("x"), exp(true, 0), broadcasted(math.Inf(-1)), broadcasted(1)
	block(4, []reg.Register{x}, func(name string, n reg.Register, rows [][]reg.Register, last Mem, replace func(x, rest reg.VecVirtual)) {
		x := rows[0]
		largest, sum := make([]reg.VecVirtual, len(x)), make([]reg.VecVirtual, len(x))
		for r := range x {
			v := vector()
			VMOVUPS(at(x[r], last), v)
			replace(v, lowest)
			VMOVUPS(v, at(x[r], last))
			largest[r] = vector()
			VMOVAPS(lowest, largest[r])
		}
		row(name+"Maximum", n, func(i Mem) {
			for r := range x {
				v := vector()
				VMOVUPS(at(x[r], i), v)
				VMAXPS(largest[r], v, largest[r]) // a NaN in v leaves largest
			}
		})
		for r := range x {
			reduce(largest[r], maxPS)
			sum[r] = vector()
			VXORPS(sum[r], sum[r], sum[r])
		}
		row(name+"Exp", n, func(i Mem) {
			for r := range x {
				v := vector()
				VMOVUPS(at(x[r], i), v)
				VSUBPS(largest[r], v, v)
				y := exp(v)
				VADDPS(y, sum[r], sum[r])
				VMOVUPS(y, at(x[r], i))
			}
		})
		for r := range x {
			reduce(sum[r], addPS)
			VDIVPS(sum[r], one, sum[r])
		}
		row(name+"Scale", n, func(i Mem) {
			for r := range x {
				v := vector()
				VMULPS(at(x[r], i), sum[r], v)
				VMOVUPS(v, at(x[r], i))
			}
		})
	})
}

func softmaxBackwardRows() {
	twin("softmaxBackwardRows", "func(rows, n int, p, kept, dp []float32, ld int)")
	matrices, zero := []reg.Register{base("p"), base("kept"), base("dp")}, broadcasted(0)
	block(2, matrices, func(name string, n reg.Register, rows [][]reg.Register, last Mem, replace func(x, rest reg.VecVirtual)) {
		p, kept, dp, sum := rows[0], rows[1], rows[2], make([]reg.VecVirtual, len(rows[0]))
		for r := range p {
			for _, x := range []reg.Register{kept[r], dp[r]} {
				v := vector()
				VMOVUPS(at(x, last), v)
				replace(v, zero)
				VMOVUPS(v, at(x, last))
			}
			sum[r] = vector()
			VXORPS(sum[r], sum[r], sum[r])
		}
		row(name+"Sum", n, func(i Mem) {
			for r := range p {
				v := vector()
				VMOVUPS(at(kept[r], i), v)
				VMULPS(at(dp[r], i), v, v)
				VADDPS(v, sum[r], sum[r])
				VMOVUPS(v, at(dp[r], i))
			}
		})
		for r := range p {
			reduce(sum[r], addPS)
		}
		row(name+"Loop", n, func(i Mem) {
			for r := range p {
				v := vector()
				VMOVUPS(at(dp[r], i), v)
				VFNMADD231PS(at(p[r], i), sum[r], v)
				VMOVUPS(v, at(dp[r], i))
			}
		})
	})
}
