package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var constants = map[uint32]Mem{}

// bits returns a vector of copies of a 32-bit pattern in read-only memory, each pattern once a file.
func bits(pattern uint32) Mem {
	m, found := constants[pattern]
	if !found {
		m = GLOBL(fmt.Sprintf("constant%08x", pattern), RODATA|NOPTR)
		for i := range width {
			DATA(4*i, U32(pattern))
		}
		constants[pattern] = m
	}
	return m
}

// number returns a vector of copies of x as float32.
func number(x float64) Mem { return bits(math.Float32bits(float32(x))) }

// hold returns what puts copies of a constant into a register, for so many constants and 16 more where there are 32
// registers, and leaves the rest in memory.
func hold(registers int) func(x float64) Op {
	if width == 16 {
		registers += 16
	}
	return func(x float64) Op {
		if registers--; registers < 0 {
			return number(x)
		}
		return broadcasted(x)
	}
}

// broadcasted returns a register of copies of x.
func broadcasted(x float64) reg.VecVirtual {
	v := vector()
	VBROADCASTSS(number(x), v)
	return v
}

var masks Mem

// mask returns a vector of eight whose first n lanes are ones, for 0 <= n <= 8. It overwrites n.
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

// mask512 returns the mask of the first n lanes of sixteen.
func mask512(n reg.Register) reg.OpmaskVirtual {
	ones, m := GP64(), K()
	MOVQ(U32(0xffff), ones)
	BZHIQ(n, ones, ones)
	KMOVW(ones.As32(), m)
	return m
}
