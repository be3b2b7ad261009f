package stages

import (
	"context"
	"errors"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/text"
	"github.com/ferry-clir/ferry/schemas"
)

// hashedInPart is what a part has hashed: a row for each of its rows, in their order.
var hashedInPart = arrow.NewSchema([]arrow.Field{
	{Name: "digest", Type: &arrow.FixedSizeBinaryType{ByteWidth: len(hashedText{}.digest)}},
	{Name: "sketch", Type: arrow.FixedSizeListOfNonNullable(int32(len(text.Sketch{})), arrow.PrimitiveTypes.Uint32)},
}, nil)

// Parts say how parts of the rows are sketched. Without near, most of the work is to read and copy rows, which merging has to do as well.
func (d *Deduplicate) Parts() *Parts {
	if d.Near == 0 {
		return nil
	}
	rows := func(*arrow.Schema) int64 { return 1 << 17 }
	return &Parts{Of: "from", Schema: hashedInPart, Rows: rows, Make: d.makePart, Merge: d.merge}
}

func (d *Deduplicate) makePart(ctx context.Context, job Job) error {
	from, _ := job.Table("from")
	out := job.Outputs[Part]
	b := array.NewRecordBuilder(out.Allocator, hashedInPart)
	defer b.Release()
	digests, sketches := b.Field(0).(*array.FixedSizeBinaryBuilder), b.Field(1).(*array.FixedSizeListBuilder)
	values := sketches.ValueBuilder().(*array.Uint32Builder)
	for batch, err := range from.Batches(ctx) {
		if err != nil {
			return err
		}
		for _, one := range d.hash(batch, job.Workers) {
			digests.Append(one.digest[:])
			sketches.Append(true)
			values.AppendValues(one.sketch[:], nil)
		}
		if err := emitBuilt(out, b); err != nil {
			return err
		}
	}
	return nil
}

func (d *Deduplicate) merge(ctx context.Context, job Job) error {
	parts, _ := job.Table(Part)
	next, stop := iter.Pull2(hashedTexts(ctx, parts))
	defer stop()
	return d.compare(ctx, job, func(batch arrow.RecordBatch) ([]hashedText, error) {
		hashed := make([]hashedText, batch.NumRows())
		for i := range hashed {
			one, err, ok := next()
			if !ok {
				err = errors.New("the parts have fewer rows than what they were made of")
			}
			if err != nil {
				return nil, err
			}
			hashed[i] = one
		}
		return hashed, nil
	})
}

// hashedTexts yields what parts have hashed, row by row.
func hashedTexts(ctx context.Context, parts schemas.Table) iter.Seq2[hashedText, error] {
	return func(yield func(hashedText, error) bool) {
		for batch, err := range parts.Batches(ctx) {
			if err != nil {
				yield(hashedText{}, err)
				return
			}
			digests, sketches := column[*array.FixedSizeBinary](batch, "digest"), column[*array.FixedSizeList](batch, "sketch")
			values := sketches.ListValues().(*array.Uint32).Uint32Values()
			for i := range int(batch.NumRows()) {
				from, to := sketches.ValueOffsets(i)
				sketch := text.Sketch(values[from:to])
				if !yield(hashedText{[16]byte(digests.Value(i)), &sketch}, nil) {
					return
				}
			}
		}
	}
}
