package stages

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/audit"
	"github.com/ferry-clir/ferry/model/tokenizer"
	"github.com/ferry-clir/ferry/schemas"
)

// An Auditor measures the texts of record batches.
type Auditor struct {
	tokenizer *tokenizer.Tokenizer
	maxTokens int
	workers   int
	all       *audit.Audit
}

// NewAuditor returns an Auditor of a tokenizer, for texts that are cut to maxTokens tokens. The workers change no result.
func NewAuditor(t *tokenizer.Tokenizer, maxTokens, workers int) *Auditor {
	return &Auditor{t, maxTokens, max(1, workers), audit.New(t, maxTokens)}
}

// Add measures a batch of documents, queries or pairs.
func (a *Auditor) Add(batch arrow.RecordBatch) {
	parts := make([]*audit.Audit, a.workers)
	eachShare(int(batch.NumRows()), a.workers, func(worker, from, to int) {
		part := audit.New(a.tokenizer, a.maxTokens)
		parts[worker] = part
		for _, side := range textSides(batch.Schema()) {
			text, language := texts(batch, side.text), texts(batch, side.language)
			for i := from; i < to; i++ {
				part.Add(language.Value(i), text.Value(i))
			}
		}
	})
	for _, part := range parts {
		a.all.Merge(part)
	}
}

// Emit emits what was measured: a row a language and script, and for each of them up to so many split words.
func (a *Auditor) Emit(variant string, words int, out, split schemas.Output) error {
	b := array.NewRecordBuilder(out.Allocator, schemas.Audit())
	defer b.Release()
	s := array.NewRecordBuilder(split.Allocator, schemas.SplitWords())
	defer s.Release()
	for _, id := range a.all.Groups() {
		a.appendGroup(b, variant, id)
		for _, w := range a.all.SplitWords(id, words) {
			for field, value := range []string{variant, id.Language, id.Script, w.Word} {
				appendText(s.Field(field), value)
			}
			s.Field(4).(*array.Int64Builder).Append(w.Count)
			appendTexts(s.Field(5), w.Pieces)
		}
	}
	return emitAll([]*array.RecordBuilder{b, s}, []schemas.Output{out, split})
}

func (a *Auditor) appendGroup(b *array.RecordBuilder, variant string, id audit.Group) {
	c := a.all.Counts(id)
	for field, value := range []string{variant, id.Language, id.Script} {
		appendText(b.Field(field), value)
	}
	for i, n := range []int64{c.Texts, c.Words, c.Tokens} {
		b.Field(3 + i).(*array.Int64Builder).Append(n)
	}
	appendShare(b.Field(6), c.Tokens, c.Words)
	appendShare(b.Field(7), c.Unknown, c.Tokens)
	b.Field(8).(*array.Int32Builder).Append(int32(a.maxTokens))
	appendShare(b.Field(9), c.Cut, c.Texts)
	appendShare(b.Field(10), c.Lost, c.Tokens)
	appendShare(b.Field(11), c.Bytes, c.Tokens)
	appendShare(b.Field(12), c.Characters, c.Tokens)
}

// appendShare appends part / of, or null if there is nothing to divide by.
func appendShare(b array.Builder, part, of int64) {
	if of == 0 {
		b.AppendNull()
		return
	}
	b.(*array.Float64Builder).Append(float64(part) / float64(of))
}

// emitAll emits what each builder holds to the output of the same place.
func emitAll(builders []*array.RecordBuilder, outputs []schemas.Output) error {
	for i, b := range builders {
		if err := emitBuilt(outputs[i], b); err != nil {
			return err
		}
	}
	return nil
}
