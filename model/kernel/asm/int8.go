package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rotated is the number of elements that rotateGeneric mixes.
const rotated = 64

// signs returns vectors of 1 and, in the lanes that have the bit of that stride set, -1; by stride.
func signs(lanes int, vector func() reg.VecVirtual) map[int]reg.VecVirtual {
	table := GLOBL("signs", RODATA|NOPTR)
	made, offset := map[int]reg.VecVirtual{}, 0
	for stride := lanes / 2; stride > 0; stride /= 2 {
		made[stride] = vector()
		VMOVUPS(table.Offset(offset), made[stride])
		for i := range lanes {
			sign := F32(1)
			if i&stride != 0 {
				sign = -1
			}
			DATA(offset+4*i, sign)
		}
		offset += 4 * lanes
	}
	return made
}

// rotate emits rotateGeneric: strides that reach another vector first, then those within one, each as the sum of the
// vector times signs and the vector with pairs exchanged.
func rotate(name string, lanes int, vector func() reg.VecVirtual, exchange func(stride int, from, to reg.VecVirtual)) {
	TEXT(name, NOSPLIT, "func(dst, x []float32) uint32")
	Doc(name + " is rotateGeneric.")
	from, to, n := base("x"), base("dst"), length("x")
	sign, largest := signs(lanes, vector), vector()
	if lanes == 16 {
		VPXORD(largest, largest, largest)
	} else {
		VPXOR(largest, largest, largest)
	}
	Label("loop")
	CMPQ(n, Imm(rotated))
	JL(LabelRef("done"))
	v := make([]reg.VecVirtual, rotated/lanes)
	for i := range v {
		v[i] = vector()
		VMOVUPS(Mem{Base: from, Disp: 4 * lanes * i}, v[i])
	}
	for stride := len(v) / 2; stride > 0; stride /= 2 {
		for i := range v {
			if i&stride == 0 {
				sum := vector()
				VADDPS(v[i+stride], v[i], sum)
				VSUBPS(v[i+stride], v[i], v[i+stride])
				v[i] = sum
			}
		}
	}
	for stride := lanes / 2; stride > 0; stride /= 2 {
		for i := range v {
			pairs := vector()
			exchange(stride, v[i], pairs)
			VFMADD213PS(pairs, sign[stride], v[i])
		}
	}
	size := vector()
	for i := range v {
		VMOVUPS(v[i], Mem{Base: to, Disp: 4 * lanes * i})
		VPSLLD(Imm(1), v[i], size) // without the sign
		VPMAXUD(size, largest, largest)
	}
	ADDQ(I32(4*rotated), from)
	ADDQ(I32(4*rotated), to)
	SUBQ(Imm(rotated), n)
	JMP(LabelRef("loop"))
	Label("done")
	if lanes == 16 {
		high := YMM()
		VEXTRACTF64X4(Imm(1), largest, high)
		largest = largest.AsY().(reg.VecVirtual)
		VPMAXUD(high, largest, largest)
	}
	reduce(largest, func(x, y, z Op) { VPMAXUD(x, y, z) })
	result := GP32()
	VMOVD(largest.AsX(), result)
	SHRL(Imm(1), result)
	Store(result, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func rotateAVX2() {
	rotate("rotateAVX2", 8, YMM, func(stride int, from, to reg.VecVirtual) {
		if stride == 4 {
			VPERM2F128(Imm(1), from, from, to)
		} else {
			VPERMILPS(exchanged[stride], from, to)
		}
	})
}

func rotateAVX512() {
	rotate("rotateAVX512", 16, ZMM, func(stride int, from, to reg.VecVirtual) {
		if stride >= 4 {
			VSHUFF32X4(exchanged[stride/4], from, from, to)
		} else {
			VPERMILPS(exchanged[stride], from, to)
		}
	})
}

// exchanged selects from four parts with neighbours, or pairs of neighbours, exchanged.
var exchanged = map[int]Op{1: Imm(0xb1), 2: Imm(0x4e)}

// quantizer emits the loop over sixteen elements at a time, with what turns integers into so many bytes of dst.
func quantizer(name string, bytes int, lanes int, vector func() reg.VecVirtual, store func(v []reg.VecVirtual, to Mem)) {
	TEXT(name, NOSPLIT, "func(dst, x []float32, inverse float32, offset int32)")
	from, to, n := base("x"), base("dst"), length("x")
	inverse, offset := vector(), vector()
	VBROADCASTSS(parameter("inverse"), inverse)
	VMOVD(Load(Param("offset"), GP32()), offset.AsX())
	VPBROADCASTD(offset.AsX(), offset)
	Label("loop")
	CMPQ(n, Imm(16))
	JL(LabelRef("done"))
	v := make([]reg.VecVirtual, 16/lanes)
	for i := range v {
		v[i] = vector()
		VMULPS(Mem{Base: from, Disp: 4 * lanes * i}, inverse, v[i])
		VCVTPS2DQ(v[i], v[i])
		VPADDD(offset, v[i], v[i])
	}
	store(v, Mem{Base: to})
	ADDQ(Imm(64), from)
	ADDQ(Imm(uint64(bytes)), to)
	SUBQ(Imm(16), n)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

func rounding() {
	twin("rounding", "func(x []float32, inverse float32) (sum, squares float32)")
	inverse, sums, squares := broadcast("inverse"), zero(2), zero(2)
	each("loop", length("x"), []reg.Register{base("x")}, 2, func(l lanes, u int) {
		x, whole := l.load(0), vector()
		VMULPS(inverse, x, x)
		if width == 16 {
			VRNDSCALEPS(Imm(0), x, whole)
		} else {
			VROUNDPS(Imm(0), x, whole)
		}
		VADDPS(whole, sums[u], sums[u])
		VSUBPS(whole, x, x)
		VFMADD231PS(x, x, squares[u])
	})
	Store(reduce(total(sums), addPS).AsX(), ReturnIndex(0))
	Store(reduce(total(squares), addPS).AsX(), ReturnIndex(1))
	end()
}

func quantizeAVX2() {
	quantizer("quantizeAVX2", 32, 8, YMM, func(v []reg.VecVirtual, to Mem) {
		VPACKSSDW(v[1], v[0], v[0])
		VPERMQ(Imm(0xd8), v[0], v[0])
		VMOVUPS(v[0], to)
	})
	Doc("quantizeAVX2 is quantizeGeneric for two integers a unit.")
}

func quantizeVNNI() {
	quantizer("quantizeVNNI", 16, 16, ZMM, func(v []reg.VecVirtual, to Mem) { VPMOVDB(v[0], to) })
	Doc("quantizeVNNI is quantizeGeneric for four integers a unit.")
}
