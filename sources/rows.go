package sources

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/schemas"
)

const (
	batchRows  = 1024
	batchBytes = 16 << 20 // of text or vectors, past which a batch is emitted before it is full
)

// rows builds record batches and emits each as it is full. The values of a row are given in column order, then end is
// called.
type rows struct {
	ctx     context.Context
	out     schemas.Output
	builder *array.RecordBuilder
	column  int
	count   int
	bytes   int
}

func newRows(ctx context.Context, out schemas.Output, schema *arrow.Schema) *rows {
	return &rows{ctx: ctx, out: out, builder: array.NewRecordBuilder(out.Allocator, schema)}
}

func (r *rows) release() { r.builder.Release() }

func (r *rows) next() array.Builder {
	b := r.builder.Field(r.column)
	r.column++
	return b
}

// texts gives the next columns, which are strings. They are copied.
func (r *rows) texts(values ...[]byte) {
	for _, v := range values {
		r.next().(*array.StringBuilder).BinaryBuilder.Append(v)
		r.bytes += len(v)
	}
}

// binary gives the next column, which is bytes. They are copied.
func (r *rows) binary(value []byte) {
	r.next().(*array.BinaryBuilder).Append(value)
	r.bytes += len(value)
}

// names does so for values that are the same in many rows, such as languages.
func (r *rows) names(values ...string) {
	for _, v := range values {
		r.next().(*array.StringBuilder).Append(v)
	}
}

// language gives a column of a language that may be null, for which the empty string stands.
func (r *rows) language(code string) {
	if code == "" {
		r.next().AppendNull()
		return
	}
	r.names(code)
}

func (r *rows) null()           { r.next().AppendNull() }
func (r *rows) integer(v int32) { r.next().(*array.Int32Builder).Append(v) }

// number gives the next column, which is numbers of 64 bits or of 32.
func (r *rows) number(v float64) {
	switch b := r.next().(type) {
	case *array.Float64Builder:
		b.Append(v)
	case *array.Float32Builder:
		b.Append(float32(v))
	}
}

// list gives the next column, which is a list of strings.
func (r *rows) list(values ...[]byte) {
	list := r.next().(*array.ListBuilder)
	list.Append(true)
	for _, v := range values {
		list.ValueBuilder().(*array.StringBuilder).BinaryBuilder.Append(v)
		r.bytes += len(v)
	}
}

func (r *rows) integers(values []int32) {
	list := r.next().(*array.ListBuilder)
	list.Append(true)
	list.ValueBuilder().(*array.Int32Builder).AppendValues(values, nil)
	r.bytes += 4 * len(values)
}

// vector gives the next column, which is a vector of as many dimensions as there are values.
func (r *rows) vector(values []float32) {
	list := r.next().(*array.FixedSizeListBuilder)
	list.Append(true)
	r.append(list.ValueBuilder(), values)
}

// vectors gives the next column, which is a list of vectors: values is (len(values)/dimensions, dimensions), row-major.
func (r *rows) vectors(values []float32, dimensions int) {
	list := r.next().(*array.ListBuilder)
	list.Append(true)
	inner := list.ValueBuilder().(*array.FixedSizeListBuilder)
	for range len(values) / dimensions {
		inner.Append(true)
	}
	r.append(inner.ValueBuilder(), values)
}

// numbers gives the next column, which is a list of numbers.
func (r *rows) numbers(values []float32) {
	list := r.next().(*array.ListBuilder)
	list.Append(true)
	r.append(list.ValueBuilder(), values)
}

// append appends numbers, rounded to what the column holds.
func (r *rows) append(b array.Builder, values []float32) {
	switch b := b.(type) {
	case *array.Float32Builder:
		b.AppendValues(values, nil)
	case *array.Float16Builder:
		halves := make([]uint16, len(values))
		kernel.ToFloat16(halves, values)
		schemas.AppendHalves(b, halves)
	case *array.Int8Builder:
		for _, v := range values {
			b.Append(int8(v))
		}
	}
	r.bytes += len(values) * b.Type().(arrow.FixedWidthDataType).Bytes()
}

// judgment gives a whole row of judgments; an empty language stands for any.
func (r *rows) judgment(query, document []byte, grade int32, queryLanguage, documentLanguage string) error {
	r.texts(query, document)
	r.integer(grade)
	r.language(queryLanguage)
	r.language(documentLanguage)
	return r.end()
}

// end ends a row, and emits the batch if it is full.
func (r *rows) end() error {
	r.column = 0
	r.count++
	if r.count < batchRows && r.bytes < batchBytes {
		return nil
	}
	return r.flush()
}

// flush emits what has been built so far.
func (r *rows) flush() error {
	if err := context.Cause(r.ctx); err != nil || r.count == 0 {
		return err
	}
	batch := r.builder.NewRecordBatch()
	defer batch.Release()
	r.count, r.bytes = 0, 0
	r.reserve(batch)
	if err := r.out.Emit(batch); err != nil {
		return err
	}
	return context.Cause(r.ctx)
}

// reserve makes room for a batch that is as large as the last one, or a little larger.
func (r *rows) reserve(last arrow.RecordBatch) {
	r.builder.Reserve(int(last.NumRows()))
	for i, column := range last.Columns() {
		if texts, ok := column.(*array.String); ok {
			r.builder.Field(i).(*array.StringBuilder).ReserveData(len(texts.ValueBytes()) * 9 / 8)
		}
	}
}
