package stages

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model/tokenizer"
	"github.com/ferry-clir/ferry/schemas"
)

// offsetColumns are the columns of TokensWithOffsets.
func (t *Tokenize) offsetColumns(job Job, batch arrow.RecordBatch) []arrow.Array {
	m, text := job.Models["model"], texts(batch, schemas.Text)
	limit, e := t.limit(m), &tokenizer.Encoding{Offsets: true}
	var ids, starts, ends, words *flat
	for _, f := range []**flat{&ids, &starts, &ends, &words} {
		*f = newFlat(text.Len(), roomFor(text))
	}
	cut := make([]int32, text.Len())
	for i := range cut {
		_ = m.Tokenizer.EncodeInto(e, limit, t.Prefix+text.Value(i)) // fails with pairs alone
		leaveOut(e, len(t.Prefix))
		if t.Offsets == characters {
			tokenizer.Characters(e.Spans, text.Value(i))
		}
		ids.values, words.values = append(ids.values, e.IDs...), append(words.values, e.Words...)
		for _, span := range e.Spans {
			starts.values, ends.values = append(starts.values, span.Start), append(ends.values, span.End)
		}
		cut[i] = int32(e.Cut[0])
		for _, f := range []*flat{ids, starts, ends, words} {
			f.end()
		}
	}
	return append(same(batch, schemas.Language, schemas.ID), ids.array(), ints(cut), starts.array(), ends.array(), words.array())
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
