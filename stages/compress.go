package stages

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
)

// Compress writes token vectors as a codec says: 4 bytes a token, and `bits` for each dimension, where `embed` takes 16. Rows
// are written one by one: documents that are added are compressed alone, those that were there stay as they are.
type Compress struct {
	// From names a table of token vectors, those of documents.
	From schemas.TableRef `yaml:"from" ferry:"required"`
	// Codec names the table of a codec.
	Codec schemas.TableRef `yaml:"codec" ferry:"required"`
}

// NewCompress returns a Compress.
func NewCompress() *Compress { return &Compress{} }

// RowWise says that every row of From is compressed on its own.
func (c *Compress) RowWise() string { return "from" }

// Outputs is a table of compressed token vectors.
func (c *Compress) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := lacksCodec(in, "from")
	if len(found) > 0 || in.Schema("from") == nil {
		return Outputs{}, found
	}
	return Outputs{Tables: []schemas.TableType{{Name: "compressed", Schema: compressed(in.Schema("from"))}}}, nil
}

// compressed is the schema of what a table of token vectors becomes.
func compressed(from *arrow.Schema) *arrow.Schema {
	if from.HasField(schemas.DocumentID) {
		return schemas.WithDocument(schemas.Compressed())
	}
	return schemas.Compressed()
}

// Run compresses.
func (c *Compress) Run(ctx context.Context, job Job) (*model.Model, error) {
	from, _ := job.Table("from")
	table, _ := job.Table("codec")
	by, err := readCodec(ctx, table)
	if err != nil {
		return nil, err
	}
	name, out := by.name(), job.Outputs["compressed"]
	for batch, err := range from.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		for first := int64(0); first < batch.NumRows(); first += embedRows {
			rows := batch.NewSlice(first, min(first+embedRows, batch.NumRows()))
			err := by.compress(out, rows, name)
			rows.Release()
			if err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// compress emits a few rows.
func (c codec) compress(out schemas.Output, rows arrow.RecordBatch, name string) error {
	var v vectorRows
	v.reset(c.Dimensions())
	v.add(rows)
	if err := v.finite(); err != nil {
		return err
	}
	if err := c.means.takeOff(&v); err != nil {
		return err
	}
	codes, residuals := make([]int32, len(v.vectors)/v.d), make([]byte, len(v.vectors)/v.d*c.Bytes())
	c.Encode(codes, residuals, v.vectors)
	schema := compressed(rows.Schema())
	b := array.NewRecordBuilder(out.Allocator, schema)
	defer b.Release()
	for i := range v.rows {
		appendText(b.Field(0), texts(rows, schemas.Language).Value(i))
		appendText(b.Field(1), texts(rows, schemas.ID).Value(i))
		appendText(b.Field(2), name)
		from, to := int(v.offsets[i]), int(v.offsets[i+1])
		appendInts(b.Field(3), codes[from:to])
		b.Field(4).(*array.BinaryBuilder).Append(residuals[from*c.Bytes() : to*c.Bytes()])
		if schema.HasField(schemas.DocumentID) {
			appendText(b.Field(5), texts(rows, schemas.DocumentID).Value(i))
		}
	}
	return emitBuilt(out, b)
}
