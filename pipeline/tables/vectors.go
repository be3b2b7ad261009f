package tables

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// isNumbers tells whether values are such as vectors are of. Those of other types may take no memory, and a damaged file may have any number.
func isNumbers(values arrow.Array) bool {
	id := values.DataType().ID()
	return arrow.IsFloating(id) || id == arrow.INT8
}

// notFinite counts the values that are no finite numbers.
func notFinite(values arrow.Array) (n int64) {
	for i := range values.Len() {
		if length := norm(values, int64(i), int64(i)+1); values.IsValid(i) && (math.IsNaN(length) || math.IsInf(length, 0)) {
			n++
		}
	}
	return n
}

// norm is the length of the vector of the values from one up to another; 0 if they are of other types.
func norm(values arrow.Array, from, to int64) float64 {
	var squares float64
	switch v := values.(type) {
	case *array.Int8:
		for _, x := range v.Int8Values()[from:to] {
			squares += float64(x) * float64(x)
		}
	case *array.Float16:
		for _, x := range v.Values()[from:to] {
			squares += float64(x.Float32()) * float64(x.Float32())
		}
	case *array.Float32:
		for _, x := range v.Float32Values()[from:to] {
			squares += float64(x) * float64(x)
		}
	case *array.Float64:
		for _, x := range v.Float64Values()[from:to] {
			squares = math.Hypot(squares, x)
		}
		return squares
	}
	return math.Sqrt(squares)
}

// A vectorCheck looks at the vectors of a column.
type vectorCheck struct {
	name              string
	dimensions        int64
	others, notFinite int64 // of another number of dimensions, with values that are no finite numbers
	unit, notUnit     int64 // scaled to length 1, and not
}

// unitTolerance is how far from 1 the length of a vector may be that was scaled to it, and then rounded to 16 bits.
const unitTolerance = 1e-3

// add looks at vectors, and at their scales if they have some.
func (c *vectorCheck) add(list array.ListLike, values arrow.Array, scales *array.Float32) {
	if values.Len() == 0 {
		return
	}
	for i := range list.Len() {
		if list.IsNull(i) {
			continue
		}
		from, to := list.ValueOffsets(i)
		if c.dimensions == 0 {
			c.dimensions = to - from
		}
		length, tolerance := norm(values, from, to), unitTolerance
		if scales != nil && i < scales.Len() { // else a scale is missing, and the vectors are longer than the others
			scale := float64(scales.Value(i))
			length *= scale
			tolerance += scale / 2 * math.Sqrt(float64(to-from)) // by rounding each number to half a scale
		}
		switch {
		case to-from != c.dimensions:
			c.others++
		case math.IsNaN(length) || math.IsInf(length, 0):
			c.notFinite++
		case math.Abs(length-1) <= tolerance:
			c.unit++
		default:
			c.notUnit++
		}
	}
}

// problem is what is wrong with the vectors. Whether a step scales them to length 1 is not to be seen from a file, but where
// nine in ten have that length, all should.
func (c *vectorCheck) problem() string {
	switch {
	case c == nil:
		return ""
	case c.others > 0:
		return fmt.Sprintf("has %d vectors in %s that have not %d dimensions as the first", c.others, c.name, c.dimensions)
	case c.notFinite > 0:
		return fmt.Sprintf("has %d vectors in %s with values that are no finite numbers", c.notFinite, c.name)
	case c.notUnit > 0 && c.unit > 9*c.notUnit:
		return fmt.Sprintf("has %d vectors in %s that have not length 1, as the other %d have", c.notUnit, c.name, c.unit)
	}
	return ""
}
