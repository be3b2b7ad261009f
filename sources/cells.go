package sources

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/kernel"
)

// cellAt takes one value out of an Arrow array. Its bytes are those of the array.
func cellAt(f form, a arrow.Array, row int) (cell, error) {
	v := cell{given: true, null: a.IsNull(row)}
	if v.null {
		return v, nil
	}
	var err error
	switch f {
	case textForm, bytesForm:
		v.text, err = textAt(a, row)
		return v, err
	case integerForm, numberForm:
		v.number, err = numberAt(a, row)
		return v, err
	}
	values, start, end, err := listAt(a, row)
	if err != nil {
		return v, err
	}
	switch f {
	case listForm:
		for i := start; i < end && err == nil; i++ {
			var t []byte
			t, err = textAt(values, i)
			v.list = append(v.list, t)
		}
	case integersForm:
		for i := start; i < end && err == nil; i++ {
			var n float64
			if n, err = numberAt(values, i); err == nil && float64(int32(n)) != n {
				err = fmt.Errorf("%v is no whole number of 32 bits", n)
			}
			v.integers = append(v.integers, int32(n))
		}
	case vectorForm, numbersForm:
		v.vector, err = floatsAt(nil, values, start, end)
		v.widths = []int{end - start}
	case vectorsForm:
		for i := start; i < end && err == nil; i++ {
			inner, from, to, e := listAt(values, i)
			if err = e; err == nil {
				v.vector, err = floatsAt(v.vector, inner, from, to)
				v.widths = append(v.widths, to-from)
			}
		}
	}
	return v, err
}

var errHoldsNull = errors.New("holds null")

func listAt(a arrow.Array, row int) (values arrow.Array, start, end int, err error) {
	l, ok := a.(array.ListLike)
	if !ok {
		return nil, 0, 0, fmt.Errorf("should be a list, is %s", a.DataType())
	}
	if a.IsNull(row) {
		return nil, 0, 0, errHoldsNull
	}
	from, to := l.ValueOffsets(row)
	return l.ListValues(), int(from), int(to), nil
}

func textAt(a arrow.Array, row int) ([]byte, error) {
	if a.IsNull(row) {
		return nil, errHoldsNull
	}
	switch a := a.(type) {
	case *array.String:
		return []byte(a.Value(row)), nil
	case *array.LargeString:
		return []byte(a.Value(row)), nil
	case *array.StringView:
		return []byte(a.Value(row)), nil
	case *array.Binary:
		return a.Value(row), nil
	case *array.Dictionary:
		return textAt(a.Dictionary(), a.GetValueIndex(row))
	}
	if arrow.IsInteger(a.DataType().ID()) {
		return []byte(a.ValueStr(row)), nil
	}
	return nil, fmt.Errorf("should be text, is %s", a.DataType())
}

func numberAt(a arrow.Array, row int) (float64, error) {
	if a.IsNull(row) {
		return 0, errHoldsNull
	}
	switch a := a.(type) {
	case *array.Int8:
		return float64(a.Value(row)), nil
	case *array.Int16:
		return float64(a.Value(row)), nil
	case *array.Int32:
		return float64(a.Value(row)), nil
	case *array.Int64:
		return float64(a.Value(row)), nil
	case *array.Uint8:
		return float64(a.Value(row)), nil
	case *array.Uint16:
		return float64(a.Value(row)), nil
	case *array.Uint32:
		return float64(a.Value(row)), nil
	case *array.Uint64:
		return float64(a.Value(row)), nil
	case *array.Float16:
		x := make([]float32, 1)
		kernel.FromFloat16(x, []uint16{a.Value(row).Uint16()}) // Num.Float32 is wrong below 2^-14
		return float64(x[0]), nil
	case *array.Float32:
		return float64(a.Value(row)), nil
	case *array.Float64:
		return a.Value(row), nil
	}
	return 0, fmt.Errorf("should be a number, is %s", a.DataType())
}

// floatsAt appends a[start:end] to dst.
func floatsAt(dst []float32, a arrow.Array, start, end int) ([]float32, error) {
	if f, ok := a.(*array.Float32); ok && a.NullN() == 0 {
		return append(dst, f.Float32Values()[start:end]...), nil
	}
	if b, ok := a.(*array.Int8); ok && a.NullN() == 0 {
		for _, x := range b.Int8Values()[start:end] {
			dst = append(dst, float32(x))
		}
		return dst, nil
	}
	for i := start; i < end; i++ {
		x, err := numberAt(a, i)
		if err != nil {
			return dst, err
		}
		dst = append(dst, float32(x))
	}
	return dst, nil
}
