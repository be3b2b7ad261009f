package main

import (
	"fmt"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/reg"
	"github.com/mmcloughlin/avo/x86"
)

// The instructions on bfloat16, which neither avo nor Go's assembler knows. Each takes three registers of 512 bits, like
// VPDPBUSD, as which it passes through register allocation; encode writes its bytes afterwards.
var unknown = map[string]struct{ prefix, opcode byte }{
	"VDPBF16PS":      {2, 0x52}, // EVEX.512.F3.0F38.W0 52 /r
	"VCVTNE2PS2BF16": {3, 0x72}, // EVEX.512.F2.0F38.W0 72 /r
}

// dotBFloat16 emits sum += left * right for pairs of bfloat16.
func dotBFloat16(right, left, sum reg.VecVirtual) { Instruction(stand("VDPBF16PS", right, left, sum)) }

// toBFloat16 emits out = low and high rounded, low in the lower half.
func toBFloat16(low, high, out reg.VecVirtual) {
	i := stand("VCVTNE2PS2BF16", low, high, out)
	i.Inputs = i.Operands[:2] // unlike VPDPBUSD it does not read out
	Instruction(i)
}

// stand returns VPDPBUSD by another name, operands in Go's order.
func stand(name string, x, y, out reg.VecVirtual) *ir.Instruction {
	i, err := x86.VPDPBUSD(x, y, out)
	if err != nil {
		panic(err)
	}
	i.Opcode, i.ISA = name, []string{"AVX512_BF16"}
	return i
}

// encode replaces an unknown instruction by its bytes (Intel's manual, volume 2, section 2.7: EVEX).
func encode(i *ir.Instruction) error {
	form, found := unknown[i.Opcode]
	if !found {
		return nil
	}
	number := func(operand int) byte { return byte(i.Operands[operand].(reg.Physical).PhysicalIndex()) }
	x, y, out := number(0), number(1), number(2)
	bit := func(x byte, n int) byte { return ^x >> n & 1 } // the prefix holds the high bits inverted
	code := []byte{
		0x62,
		bit(out, 3)<<7 | bit(x, 4)<<6 | bit(x, 3)<<5 | bit(out, 4)<<4 | 2, // R X B R', map 0F38
		^y&15<<3 | 1<<2 | form.prefix,                                     // W0 vvvv
		2<<5 | bit(y, 4)<<3,                                               // 512 bits, V', no mask
		form.opcode,
		3<<6 | out&7<<3 | x&7,
	}
	text := make([]string, len(code))
	for j, b := range code {
		text[j] = fmt.Sprintf("BYTE $%#02x", b)
	}
	i.Opcode = fmt.Sprintf("%s // %s Z%d, Z%d, Z%d", strings.Join(text, "; "), i.Opcode, x, y, out)
	i.Operands = nil
	return nil
}
