package stages

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// vectorRows are rows of a table of vectors, or of token vectors, as slices.
type vectorRows struct {
	d       int
	rows    []retrieve.Document // language and id of each row; of passages, their documents'
	vectors []float32           // (rows, d), or (tokens, d)
	offsets []int32             // of token vectors: row i has those from offsets[i] up to offsets[i+1]
	exclude [][]string
}

// gather reads a whole table.
func gather(ctx context.Context, t schemas.Table) (*vectorRows, error) {
	v := &vectorRows{}
	v.reset(dimensions(t.Schema))
	if isTokenVectors(t.Schema) {
		v.offsets = []int32{0}
	}
	for batch, err := range t.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		v.add(batch)
	}
	return v, nil
}

// gatherQueries reads a whole table of queries but for those whose vectors are zero, which go to quarantine: all documents
// are as near to them, and would be returned in the order of their ids.
func gatherQueries(ctx context.Context, t schemas.Table, out schemas.Output) (*vectorRows, error) {
	v, err := gather(ctx, t)
	if err != nil {
		return nil, err
	}
	zero := map[int]bool{}
	for i, row := range v.rows {
		if !v.isZero(i) {
			continue
		}
		zero[i] = true
		err := out.Reject(schemas.Rejected{Path: t.Name, Line: int64(i) + 1, Offset: -1, Reason: zeroVector,
			Detail: fmt.Sprintf("%s:%s is as near to one document as to any other", row.Language, row.ID)})
		if err != nil {
			return nil, err
		}
	}
	return v.without(zero), nil
}

// vectorsOf are the vectors of row i.
func (v *vectorRows) vectorsOf(i int) []float32 {
	if v.offsets == nil {
		return v.vectors[i*v.d : (i+1)*v.d]
	}
	return v.vectors[int(v.offsets[i])*v.d : int(v.offsets[i+1])*v.d]
}

// isZero tells whether row i has vectors, and nothing in them.
func (v *vectorRows) isZero(i int) bool {
	vectors := v.vectorsOf(i)
	return len(vectors) > 0 && !slices.ContainsFunc(vectors, func(x float32) bool { return x != 0 })
}

// without returns v, or a copy that lacks some of its rows.
func (v *vectorRows) without(rows map[int]bool) *vectorRows {
	if len(rows) == 0 {
		return v
	}
	kept := &vectorRows{d: v.d}
	if v.offsets != nil {
		kept.offsets = []int32{0}
	}
	for i, row := range v.rows {
		if rows[i] {
			continue
		}
		vectors := v.vectorsOf(i)
		kept.rows, kept.exclude, kept.vectors = append(kept.rows, row), append(kept.exclude, v.exclude[i]), append(kept.vectors, vectors...)
		if v.offsets != nil {
			kept.offsets = append(kept.offsets, int32(len(kept.vectors)/v.d))
		}
	}
	return kept
}

// spans are the offsets of each row's vectors.
func (v *vectorRows) spans() []int32 {
	if v.offsets != nil {
		return v.offsets
	}
	return retrieve.Singles(len(v.rows))
}

// byLanguage numbers the languages from 0, and returns that of each row.
func (v *vectorRows) byLanguage() []int {
	numbers := map[string]int{}
	of := make([]int, len(v.rows))
	for i, row := range v.rows {
		if _, ok := numbers[row.Language]; !ok {
			numbers[row.Language] = len(numbers)
		}
		of[i] = numbers[row.Language]
	}
	return of
}

// reset empties v and keeps its memory.
func (v *vectorRows) reset(d int) {
	v.d, v.rows, v.vectors, v.exclude = d, v.rows[:0], v.vectors[:0], v.exclude[:0]
	if v.offsets != nil {
		v.offsets = append(v.offsets[:0], 0)
	}
}

// add copies the rows of a batch.
func (v *vectorRows) add(batch arrow.RecordBatch) {
	v.rows, v.exclude = appendRows(v.rows, v.exclude, batch)
	if isTokenVectors(batch.Schema()) {
		v.addTokens(batch)
		return
	}
	list := column[*array.FixedSizeList](batch, schemas.Vector)
	from, _ := list.ValueOffsets(0)
	if n := list.Len() * v.d; n > 0 {
		var scales []float32
		if batch.Schema().HasField(schemas.Scale) {
			scales = column[*array.Float32](batch, schemas.Scale).Float32Values()
		}
		v.addNumbers(list.ListValues(), int(from), int(from)+n, scales)
	}
}

// addNumbers adds values from one up to another, those of int8 times the scale of each vector.
func (v *vectorRows) addNumbers(values arrow.Array, from, to int, scales []float32) {
	n := len(v.vectors)
	v.vectors = slices.Grow(v.vectors, to-from)[:n+to-from]
	added := v.vectors[n:]
	switch values := values.(type) {
	case *array.Float32:
		copy(added, values.Float32Values()[from:to])
	case *array.Float16:
		halves := arrow.Uint16Traits.CastFromBytes(arrow.Float16Traits.CastToBytes(values.Values()))
		kernel.FromFloat16(added, halves[from:to])
	case *array.Int8:
		bytes := values.Int8Values()[from:to]
		for i, scale := range scales {
			kernel.FromInt8(added[i*v.d:(i+1)*v.d], bytes[i*v.d:(i+1)*v.d], scale)
		}
	}
}

func (v *vectorRows) addTokens(batch arrow.RecordBatch) {
	if v.offsets == nil {
		v.offsets = []int32{0}
	}
	list := column[*array.List](batch, schemas.TokenVectorList)
	inner := list.ListValues().(*array.FixedSizeList)
	for i := range list.Len() {
		from, to := list.ValueOffsets(i)
		var scales []float32
		if batch.Schema().HasField(schemas.Scales) {
			scales = float32List(column[*array.List](batch, schemas.Scales), i)
		}
		v.addNumbers(inner.ListValues(), int(from)*v.d, int(to)*v.d, scales)
		v.offsets = append(v.offsets, v.offsets[len(v.offsets)-1]+int32(to-from))
	}
}

// finite returns an error that names the first row whose token vectors have a number that is not finite.
func (v *vectorRows) finite() error {
	for i, row := range v.rows {
		if square := kernel.SumSquares(v.vectorsOf(i)); !(square <= math.MaxFloat32) {
			return fmt.Errorf("a token vector of document %q has a number that is not finite or too large", row.ID)
		}
	}
	return nil
}

// rowNames are who the rows of a batch are, passages by their document. They share memory with the batch.
type rowNames struct{ language, id *array.String }

func whoseRows(batch arrow.RecordBatch) rowNames {
	if batch.Schema().HasField(schemas.DocumentID) {
		return rowNames{texts(batch, schemas.Language), texts(batch, schemas.DocumentID)}
	}
	return rowNames{texts(batch, schemas.Language), texts(batch, schemas.ID)}
}

func (r rowNames) Len() int { return r.id.Len() }

func (r rowNames) Document(i int) retrieve.Document {
	return retrieve.Document{Language: r.language.Value(i), ID: r.id.Value(i)}
}

// appendRows appends who the rows of a batch are, passages by their document, and what documents they exclude.
func appendRows(rows []retrieve.Document, exclude [][]string, batch arrow.RecordBatch) ([]retrieve.Document, [][]string) {
	whose := whoseRows(batch)
	var excluded *array.List
	if batch.Schema().HasField(schemas.Exclude) {
		excluded = column[*array.List](batch, schemas.Exclude)
	}
	for i := range int(batch.NumRows()) {
		rows = append(rows, retrieve.Document{Language: clone(whose.language.Value(i)), ID: clone(whose.id.Value(i))})
		var ids []string
		if excluded != nil {
			ids = stringList(excluded, i)
		}
		exclude = append(exclude, ids)
	}
	return rows, exclude
}
