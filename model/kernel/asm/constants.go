package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var constants = map[uint32]Mem{}

// bits returns eight copies of a 32-bit pattern in read-only memory, each pattern once a file.
func bits(pattern uint32) Mem {
	m, found := constants[pattern]
	if !found {
		m = GLOBL(fmt.Sprintf("constant%08x", pattern), RODATA|NOPTR)
		for i := range 8 {
			DATA(4*i, U32(pattern))
		}
		constants[pattern] = m
	}
	return m
}

// number returns eight copies of x as float32.
func number(x float64) Mem { return bits(math.Float32bits(float32(x))) }

var masks Mem

// mask returns a vector whose first n lanes are ones, for 0 <= n <= 8. It overwrites n.
func mask(n reg.GPVirtual) reg.VecVirtual {
	if masks.Symbol.Name == "" {
		masks = GLOBL("masks", RODATA|NOPTR)
		for i := range 16 {
			DATA(4*i, U32(map[bool]uint32{true: math.MaxUint32}[i < 8]))
		}
	}
	table, m := GP64(), YMM()
	LEAQ(masks, table)
	NEGQ(n)
	VMOVUPS(Mem{Base: table, Index: n, Scale: 4, Disp: 32}, m)
	return m
}
