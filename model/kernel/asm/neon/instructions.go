package main

// The operands come in the order of the formula, the destination last.

// word emits an instruction on four float32 that Go's assembler lacks: its code in ARM's manual (DDI 0487, C7.2) with
// the numbers of the registers filled in. The comment is in ARM's order, the destination first.
func word(name string, code uint32, x, y, d vector) {
	emit("WORD $0x%08x // %s v%d.4s, v%d.4s, v%d.4s", code|uint32(y)<<16|uint32(x)<<5|uint32(d), name, d, x, y)
}

// word1 is word for one operand; suffix is what the assembler language wants behind it.
func word1(name string, code uint32, x, d vector, suffix string) {
	emit("WORD $0x%08x // %s v%d.4s, v%d.4s%s", code|uint32(x)<<5|uint32(d), name, d, x, suffix)
}

func add(x, y, d vector)      { word("fadd", 0x4e20d400, x, y, d) }
func subtract(x, y, d vector) { word("fsub", 0x4ea0d400, x, y, d) }
func multiply(x, y, d vector) { word("fmul", 0x6e20dc00, x, y, d) }
func divide(x, y, d vector)   { word("fdiv", 0x6e20fc00, x, y, d) }
func larger(x, y, d vector)   { word("fmax", 0x4e20f400, x, y, d) } // NaN where one is
func smaller(x, y, d vector)  { word("fmin", 0x4ea0f400, x, y, d) }

// pairSums and pairMaxima combine the two halves of x, then the two halves of y.
func pairSums(x, y, d vector)   { word("faddp", 0x6e20d400, x, y, d) }
func pairMaxima(x, y, d vector) { word("fmaxp", 0x6e20f400, x, y, d) }

func squareRoot(x, d vector)   { word1("fsqrt", 0x6ea1f800, x, d, "") }
func round(x, d vector)        { word1("frintn", 0x4e218800, x, d, "") } // to even
func integer(x, d vector)      { word1("fcvtns", 0x4e21a800, x, d, "") }
func halveInteger(x, d vector) { word1("sshr", 0x4f3f0400, x, d, ", #1") }

func addDouble(x, y, d vector) {
	emit("WORD $0x%08x // fadd v%d.2d, v%d.2d, v%d.2d", 0x4e60d400|uint32(y)<<16|uint32(x)<<5|uint32(d), d, x, y)
}

// multiplyAddTo computes d += x*y, and multiplySubtractFrom d -= x*y, both rounding once.
func multiplyAddTo(x, y, d vector)        { emit("VFMLA V%d.S4, V%d.S4, V%d.S4", y, x, d) }
func multiplySubtractFrom(x, y, d vector) { emit("VFMLS V%d.S4, V%d.S4, V%d.S4", y, x, d) }

// multiplyAddFirst computes d += x*(the first element of y).
func multiplyAddFirst(x, y, d vector) {
	emit("WORD $0x%08x // fmla v%d.4s, v%d.4s, v%d.s[0]", 0x4f801000|uint32(y)<<16|uint32(x)<<5|uint32(d), d, x, y)
}

func move(x, d vector) { emit("VMOV V%d.B16, V%d.B16", x, d) }

// spread fills d with the first element of x.
func spread(x, d vector) { emit("VDUP V%d.S[0], V%d.S4", x, d) }

// reduce combines the elements of x into its first.
func reduce(x vector, pairs func(x, y, d vector)) vector {
	pairs(x, x, x)
	pairs(x, x, x)
	return x
}

// zero returns n vectors of zeros.
func zero(n int) []vector {
	v := vectors(n)
	for _, x := range v {
		emit("VEOR V%d.B16, V%d.B16, V%d.B16", x, x, x)
	}
	return v
}

// base loads the start of a slice parameter.
func base(name string) register { return parameter(name+"_base", f.offsets[name]) }

// length loads the length of a slice parameter.
func length(name string) register { return parameter(name+"_len", f.offsets[name]+8) }

// whole loads a parameter that is an integer.
func whole(name string) register { return parameter(name, f.offsets[name]) }

func parameter(name string, offset int) register {
	r := general()
	emit("MOVD %s+%d(FP), R%d", name, offset, r)
	return r
}

// bytes loads a parameter that is a number of elements.
func bytes(name string) register {
	r := whole(name)
	emit("LSL $2, R%d", r)
	return r
}

// result stores the first element of v, a float32.
func result(v vector, name string) { emit("FMOVS F%d, %s+%d(FP)", v, name, f.offsets[name]) }

// broadcast loads a float32 parameter into all elements.
func broadcast(name string) vector {
	v := one()
	emit("FMOVS %s+%d(FP), F%d", name, f.offsets[name], v)
	spread(v, v)
	return v
}

// doubles converts the elements of x to float64, two a vector.
func doubles(x vector) (low, high vector) {
	low, high = one(), one()
	emit("WORD $0x%08x // fcvtl v%d.2d, v%d.2s", 0x0e617800|uint32(x)<<5|uint32(low), low, x)
	emit("WORD $0x%08x // fcvtl2 v%d.2d, v%d.4s", 0x4e617800|uint32(x)<<5|uint32(high), high, x)
	return low, high
}

// reduceDoubles adds up all float64 of some vectors. It overwrites the first.
func reduceDoubles(x []vector) vector {
	sum := x[0]
	for _, y := range x[1:] {
		addDouble(sum, y, sum)
	}
	emit("WORD $0x%08x // faddp d%d, v%d.2d", 0x7e70d800|uint32(sum)<<5|uint32(sum), sum, sum)
	return sum
}
