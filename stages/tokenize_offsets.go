package stages

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/tokenizer"
	"github.com/ferry-clir/ferry/schemas"
)

// offsetRow writes rows of TokensWithOffsets.
func (t *Tokenize) offsetRow(job Job) rowFunc {
	m := job.Models["model"]
	limit, e := t.limit(m), &tokenizer.Encoding{Offsets: true}
	var starts, ends []int32
	return func(batch arrow.RecordBatch, b *array.RecordBuilder) func(int) {
		language, id, text := texts(batch, schemas.Language), texts(batch, schemas.ID), texts(batch, schemas.Text)
		return func(i int) {
			_ = m.Tokenizer.EncodeInto(e, limit, t.Prefix+text.Value(i)) // fails with pairs alone
			leaveOut(e, len(t.Prefix))
			if t.Offsets == characters {
				tokenizer.Characters(e.Spans, text.Value(i))
			}
			starts, ends = starts[:0], ends[:0]
			for _, span := range e.Spans {
				starts, ends = append(starts, span.Start), append(ends, span.End)
			}
			appendText(b.Field(0), language.Value(i))
			appendText(b.Field(1), id.Value(i))
			appendInts(b.Field(2), e.IDs)
			b.Field(3).(*array.Int32Builder).Append(int32(e.Cut[0]))
			appendInts(b.Field(4), starts)
			appendInts(b.Field(5), ends)
			appendInts(b.Field(6), e.Words)
		}
	}
}

// leaveOut makes places and words count from behind a prefix of so many bytes. Its tokens are nowhere, like special ones.
func leaveOut(e *tokenizer.Encoding, prefix int) {
	first := int32(-1) // word
	for i, span := range e.Spans {
		switch {
		case prefix == 0 || e.Words[i] < 0:
			continue
		case int(span.End) <= prefix:
			e.Spans[i], e.Words[i] = tokenizer.Span{}, -1
			continue
		case first < 0:
			first = e.Words[i]
		}
		e.Spans[i] = tokenizer.Span{Start: max(0, span.Start-int32(prefix)), End: span.End - int32(prefix)}
		e.Words[i] -= first
	}
}
