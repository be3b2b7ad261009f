package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"math"
	"strings"
)

// A register is a general one, R0 to R25 without R18, which belongs to the operating system.
type register int

// A vector is V0 to V31: four float32, or F0 to F31 where an instruction takes the first alone.
type vector int

// Registers are taken from below and given back as the body of a loop ends; constants are taken from above, and loaded
// before all else.
type function struct {
	name      string
	text      strings.Builder
	offsets   map[string]int // of parameters and results in the frame
	size      int            // of the frame
	general   register
	vectors   vector
	constants []uint32
}

var (
	f                      *function // that is being emitted
	assembly, declarations strings.Builder
)

// define emits a function; what body emits may fall through to its end. what completes the sentence that begins with
// the function's name.
func define(name, signature, what string, body func()) {
	f = &function{name: name, offsets: map[string]int{}}
	f.layOut(signature)
	body()
	emit("RET")
	fmt.Fprintf(&assembly, "\n// func %s%s\nTEXT ·%s(SB), NOSPLIT, $0-%d\n", name, signature[len("func"):], name, f.size)
	for i, bits := range f.constants {
		fmt.Fprintf(&assembly, "\tMOVW $0x%08x, R0\n\tVDUP R0, V%d.S4\n", bits, 31-i)
	}
	assembly.WriteString(f.text.String())
	fmt.Fprintf(&declarations, "\n// %s %s\nfunc %s%s\n", name, what, name, signature[len("func"):])
}

// layOut computes where the parameters and the results lie: in order, each at a multiple of its size, the results
// from a multiple of 8 on.
func (f *function) layOut(signature string) {
	parsed, err := parser.ParseExpr(signature)
	if err != nil {
		panic(err)
	}
	place := func(name string, kind ast.Expr) {
		size, align := 8, 8
		if _, slice := kind.(*ast.ArrayType); slice {
			size = 24
		} else if kind.(*ast.Ident).Name == "float32" {
			size, align = 4, 4
		}
		f.offsets[name] = (f.size + align - 1) / align * align
		f.size = f.offsets[name] + size
	}
	kind := parsed.(*ast.FuncType)
	for _, field := range kind.Params.List {
		for _, name := range field.Names {
			place(name.Name, field.Type)
		}
	}
	if kind.Results == nil {
		return
	}
	f.size = (f.size + 7) / 8 * 8
	for _, field := range kind.Results.List {
		for _, name := range field.Names {
			place(name.Name, field.Type)
		}
		if field.Names == nil {
			place("ret", field.Type)
		}
	}
}

func emit(format string, arguments ...any) {
	fmt.Fprintf(&f.text, "\t"+format+"\n", arguments...)
}

func label(name string) { fmt.Fprintf(&f.text, "\n%s:\n", name) }

// scope emits body and gives back the registers that it took.
func scope(body func()) {
	general, vectors := f.general, f.vectors
	body()
	f.general, f.vectors = general, vectors
}

func general() register {
	r := f.general
	f.general++
	if r >= 18 {
		r++
	}
	if r > 25 {
		panic(f.name + ": out of general registers")
	}
	return r
}

func vectors(n int) []vector {
	v := make([]vector, n)
	for i := range v {
		v[i] = f.vectors
		f.vectors++
	}
	if int(f.vectors)+len(f.constants) > 32 {
		panic(f.name + ": out of vector registers")
	}
	return v
}

func one() vector { return vectors(1)[0] }

// bits returns a vector that holds four copies of a pattern all through the function.
func bits(pattern uint32) vector {
	for i, b := range f.constants {
		if b == pattern {
			return vector(31 - i)
		}
	}
	f.constants = append(f.constants, pattern)
	vectors(0)
	return vector(32 - len(f.constants))
}

// number returns four copies of x as float32.
func number(x float64) vector { return bits(math.Float32bits(float32(x))) }
