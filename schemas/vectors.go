package schemas

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Vectors is the table of one vector a document or query. With exclude, each row carries its query's exclusions. Stored in 16
// or 8 bits, numbers are float16 or int8, and those of int8 have their scale behind them.
func Vectors(dimensions int, exclude bool) *arrow.Schema {
	fields := []arrow.Field{text(Language), text(ID), {Name: Vector, Type: vector(arrow.PrimitiveTypes.Float32, dimensions)}}
	if exclude {
		fields = append(fields, listOf(Exclude, arrow.BinaryTypes.String))
	}
	return arrow.NewSchema(fields, nil)
}

// HalfVectors is Vectors of numbers of 16 bits.
func HalfVectors(dimensions int, exclude bool) *arrow.Schema {
	fields := Vectors(dimensions, exclude).Fields()
	fields[2].Type = vector(arrow.FixedWidthTypes.Float16, dimensions)
	return arrow.NewSchema(fields, nil)
}

// TokenVectors is the table of one vector a token, with the token ids beside them. Stored in 8 bits, their scales stand behind them.
func TokenVectors(dimensions int, exclude bool) *arrow.Schema {
	fields := []arrow.Field{text(Language), text(ID), listOf(IDs, arrow.PrimitiveTypes.Int32),
		listOf(TokenVectorList, vector(arrow.FixedWidthTypes.Float16, dimensions))}
	if exclude {
		fields = append(fields, listOf(Exclude, arrow.BinaryTypes.String))
	}
	return arrow.NewSchema(fields, nil)
}

// Scaled is a table of vectors or of token vectors with numbers of int8, from -127 to 127, and behind them the scale of each vector.
func Scaled(schema *arrow.Schema) *arrow.Schema {
	var fields []arrow.Field
	for _, f := range schema.Fields() {
		switch t := f.Type.(type) {
		case *arrow.FixedSizeListType:
			f.Type = vector(arrow.PrimitiveTypes.Int8, int(t.Len()))
			fields = append(fields, f, arrow.Field{Name: Scale, Type: arrow.PrimitiveTypes.Float32})
		case *arrow.ListType:
			if of, ok := t.Elem().(*arrow.FixedSizeListType); ok {
				f.Type = arrow.ListOfNonNullable(vector(arrow.PrimitiveTypes.Int8, int(of.Len())))
				fields = append(fields, f, listOf(Scales, arrow.PrimitiveTypes.Float32))
				continue
			}
			fields = append(fields, f)
		default:
			fields = append(fields, f)
		}
	}
	return arrow.NewSchema(fields, nil)
}

// AppendHalves appends numbers of 16 bits, given as bits. Their float32s are to be rounded by kernel.ToFloat16: arrow's
// float16.New cuts.
func AppendHalves(b *array.Float16Builder, bits []uint16) {
	b.AppendValues(arrow.Float16Traits.CastFromBytes(arrow.Uint16Traits.CastToBytes(bits)), nil)
}
