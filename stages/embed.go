package stages

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
)

// Embed turns documents or queries into vectors. What is not said comes from the model's own sentence-transformers files, else
// it is mean pooling, normalised. A text whose vectors are not finite, or zero, goes to quarantine (not_finite, zero_vector).
type Embed struct {
	// From names a table of documents or queries.
	From schemas.TableRef `yaml:"from" ferry:"required"`
	// Model embeds.
	Model schemas.ModelRef `yaml:"model" ferry:"required"`
	// Prefix is put before every text, such as "query: ".
	Prefix string `yaml:"prefix"`
	// Title says whether a document's title is put before its text.
	Title bool `yaml:"title"`
	// Output is vectors (one a text), token_vectors (one a token, scaled to length 1), or both.
	Output string `yaml:"output"`
	// Pooling turns token vectors into one: mean, cls or max; as the model says if left out.
	Pooling string `yaml:"pooling"`
	// Normalize scales vectors to length 1; as the model says if left out.
	Normalize *bool `yaml:"normalize"`
	// Tokens says which token vectors are kept: content (without special tokens and prefix) or all.
	Tokens string `yaml:"tokens"`
	// MaxTokens is the longest input, special tokens included; what is longer is cut. 0 means as the model says.
	MaxTokens int `yaml:"max_tokens"`
	// BatchTokens is the number of tokens that go through the encoder together; it bounds memory.
	BatchTokens int `yaml:"batch_tokens"`
	// Precision is that of the products with the model's weights: float32, or bf16 or int8, which are faster where the
	// processor has instructions for them (avx512_bf16, avx512_vnni) and change vectors a little.
	Precision string `yaml:"precision"`
	// Store is what the numbers of vectors are stored as: float32; float16, which takes half the space and is off by one in
	// 2000 at most; or int8, which takes a quarter and is off by a 254th of the vector's largest number at most: the column `scale`
	// has what to multiply with. Searches compute in float32 on each. A vector with a number that float16 cannot hold (above
	// 65504) goes to quarantine (not_finite). Token vectors are float16, or int8 with a column `scales`.
	Store string `yaml:"store"`
}

// NewEmbed returns an Embed with its defaults.
func NewEmbed() *Embed {
	return &Embed{Output: "vectors", Tokens: "content", BatchTokens: 2048, Precision: float32Name, Store: float32Name}
}

// Validate checks the keys.
func (e *Embed) Validate() []schemas.Mistake {
	var found []schemas.Mistake
	found = append(found, oneOf("output", e.Output, "vectors", "token_vectors", "both")...)
	found = append(found, oneOf("tokens", e.Tokens, "content", "all")...)
	found = append(found, oneOf("pooling", e.Pooling, "", model.Mean, model.CLS, model.Max)...)
	found = append(found, oneOf("precision", e.Precision, float32Name, bf16Name, int8Name)...)
	found = append(found, oneOf("store", e.Store, float32Name, float16Name, int8Name)...)
	if e.MaxTokens < 0 {
		found = append(found, schemas.Mistake{Key: "max_tokens", Problem: fmt.Sprintf("should be at least 1, is %d", e.MaxTokens)})
	}
	if e.BatchTokens < 1 {
		found = append(found, schemas.Mistake{Key: "batch_tokens", Problem: fmt.Sprintf("should be at least 1, is %d", e.BatchTokens)})
	}
	return found
}

// RowWise says that every row of From is embedded on its own.
func (e *Embed) RowWise() string { return "from" }

// Outputs is a table of vectors, of token vectors, or both.
func (e *Embed) Outputs(in Types) (Outputs, []schemas.Mistake) {
	from := in.Schema("from")
	found := lacks("from", from, "documents or queries", schemas.Language, schemas.ID, schemas.Text)
	if from != nil && e.Title && !from.HasField(schemas.Title) {
		found = append(found, schemas.Mistake{Key: "title", Problem: "the table has no titles"})
	}
	info, ok := in.Models["model"]
	if !ok || from == nil || len(found) > 0 {
		return Outputs{}, found
	}
	found = append(found, tooLong(in, "model", e.MaxTokens)...)
	var tables []schemas.TableType
	for _, name := range []string{"vectors", "token_vectors"} {
		if e.Output == name || e.Output == "both" {
			tables = append(tables, schemas.TableType{Name: name, Schema: e.schema(name, from, info.Config.Width())})
		}
	}
	return Outputs{Tables: tables}, found
}

func (e *Embed) options(info model.Info) model.EmbedOptions {
	o := model.EmbedOptions{Prefix: e.Prefix, Pooling: info.Pooling, Normalize: info.Normalize, MaxTokens: info.MaxTokens, Content: e.Tokens == "content", Budget: e.BatchTokens, Precision: precisions[e.Precision]}
	if e.Pooling != "" {
		o.Pooling = e.Pooling
	}
	if e.Normalize != nil {
		o.Normalize = *e.Normalize
	}
	if e.MaxTokens > 0 {
		o.MaxTokens = e.MaxTokens
	}
	return o
}

// Run embeds.
func (e *Embed) Run(ctx context.Context, job Job) (*model.Model, error) {
	from, _ := job.Table("from")
	m := job.Models["model"]
	embedder := model.NewEmbedder(m, e.options(m.Info))
	read := int64(0)
	for batch, err := range from.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		for first := int64(0); first < batch.NumRows(); first += embedRows {
			rows := batch.NewSlice(first, min(first+embedRows, batch.NumRows()))
			err := e.embed(ctx, job, embedder, rows)
			read += rows.NumRows()
			job.Progress(read, from.Rows, "rows")
			rows.Release()
			if err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// embedRows is the number of texts whose vectors are held before they are emitted.
const embedRows = 64

// embed embeds and emits a few rows.
func (e *Embed) embed(ctx context.Context, job Job, embedder *model.Embedder, rows arrow.RecordBatch) error {
	made := make([]model.Embedded, rows.NumRows())
	err := embedder.Embed(ctx, e.texts(rows), e.Output != "vectors", func(i int, r model.Embedded) error {
		if r.Unusable == nil {
			r.Unusable = unstorable(e.Store, r.Vector)
		}
		made[i] = r
		return nil
	})
	if err == nil {
		err = rejectUnusable(job, rows, made)
	}
	for table, out := range job.Outputs {
		if err == nil {
			err = emitVectors(out, e.schema(table, rows.Schema(), job.Models["model"].Config.Width()), rows, made)
		}
	}
	return err
}

// rejectUnusable puts the rows into quarantine that nothing could be compared with.
func rejectUnusable(job Job, rows arrow.RecordBatch, made []model.Embedded) error {
	from, _ := job.Table("from")
	for i, r := range made {
		if r.Unusable == nil {
			continue
		}
		row := schemas.Rejected{Path: from.Name, Offset: -1, Reason: unusableReason(r.Unusable), Raw: []byte(texts(rows, schemas.Text).Value(i)),
			Detail: fmt.Sprintf("%s:%s: %s", texts(rows, schemas.Language).Value(i), texts(rows, schemas.ID).Value(i), r.Unusable)}
		for _, out := range job.Outputs { // whichever: there is one quarantine
			if err := out.Reject(row); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

// The quarantine's codes for vectors that nothing can be compared with.
const (
	notFinite  = "not_finite"
	zeroVector = "zero_vector"
)

// unusableReason is the quarantine's code for what model.Unusable found.
func unusableReason(err error) string {
	if err == model.ErrZeroVector {
		return zeroVector
	}
	return notFinite
}

// texts are the batch's texts, with titles where they are asked for.
func (e *Embed) texts(batch arrow.RecordBatch) []string {
	list := make([]string, batch.NumRows())
	for i := range list {
		list[i] = titledText(batch, i, e.Title)
	}
	return list
}

// titledText is a row's text, with its title before it if that is asked for.
func titledText(batch arrow.RecordBatch, row int, titled bool) string {
	text := texts(batch, schemas.Text).Value(row)
	if titled {
		if title := texts(batch, schemas.Title).Value(row); title != "" {
			return title + " " + text
		}
	}
	return text
}

// schema is that of the named table made from one of documents, passages or queries.
func (e *Embed) schema(table string, from *arrow.Schema, d int) *arrow.Schema {
	queries := from.HasField(schemas.Exclude)
	schema := schemas.Vectors(d, queries)
	switch {
	case table == "token_vectors":
		schema = schemas.TokenVectors(d, queries)
	case e.Store == float16Name:
		schema = schemas.HalfVectors(d, queries)
	}
	if e.Store == int8Name {
		schema = schemas.Scaled(schema)
	}
	if from.HasField(schemas.DocumentID) {
		return schemas.WithDocument(schema)
	}
	return schema
}

// emitVectors emits one batch of vectors or token vectors.
func emitVectors(out schemas.Output, schema *arrow.Schema, batch arrow.RecordBatch, made []model.Embedded) error {
	b := array.NewRecordBuilder(out.Allocator, schema)
	defer b.Release()
	for i, r := range made {
		if r.Unusable != nil {
			continue
		}
		var scales []float32 // of the columns before them
		for j, field := range schema.Fields() {
			switch b := b.Field(j); field.Name {
			case schemas.IDs:
				appendInts(b, r.IDs)
			case schemas.Vector:
				scales = []float32{appendVector(b, r.Vector)}
			case schemas.Scale:
				b.(*array.Float32Builder).Append(scales[0])
			case schemas.TokenVectorList:
				scales = appendTokenVectors(b, r.TokenVectors, dimensions(schema))
			case schemas.Scales:
				appendFloats(b, scales)
			case schemas.Exclude:
				appendTexts(b, stringList(column[*array.List](batch, schemas.Exclude), i))
			default:
				appendText(b, texts(batch, field.Name).Value(i))
			}
		}
	}
	return emitBuilt(out, b)
}

// oneOf reports a value that is none of those allowed.
func oneOf(key, value string, allowed ...string) []schemas.Mistake {
	if slices.Contains(allowed, value) {
		return nil
	}
	names := slices.DeleteFunc(slices.Clone(allowed), func(name string) bool { return name == "" })
	last := len(names) - 1
	return []schemas.Mistake{{Key: key, Problem: fmt.Sprintf("should be %s or %s, is %q", strings.Join(names[:last], ", "), names[last], value)}}
}
