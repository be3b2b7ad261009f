package tokenizer

import "fmt"

// Encoding is one text, or two in one, as tokens. Its slices have one element a token; the next call uses them again.
type Encoding struct {
	// Offsets asks for Spans and Words, which takes several times as long as the rest.
	Offsets bool

	IDs   []int32
	Types []int32 // what the template says: 0 for the first text, and with most models 1 for the second
	Texts []int32 // the text that the token is of, 0 or 1; -1 for the template's special tokens
	Spans []Span  // the token's place in that text as it was given, before normalization; 0 to 0 for special tokens
	Words []int32 // the number of its word there, from 0, as the pre-tokenizer cuts them; -1 for special tokens
	Cut   [2]int  // tokens of each text that were cut off
}

// token is a token of a text, before the template puts others around.
type token struct {
	id   int32
	word int32
	span Span
	text string // that it stands for, white space around an added token included
}

// EncodeInto fills e with the tokens of one text or of two, laid out as the template has it for one and for two, without
// those that go beyond the limit. Texts may be any bytes: what is not UTF-8 becomes U+FFFD. It returns an error where the
// strategy of the limit cannot be followed.
func (t *Tokenizer) EncodeInto(e *Encoding, limit Truncation, texts ...string) error {
	template, size := t.single, 0
	if len(texts) == 2 {
		template = t.pair
	} else if len(texts) != 1 {
		return fmt.Errorf("encoding %d texts in one: a template takes one or two", len(texts))
	}
	s := t.borrow()
	s.tokens = s.tokens[:0]
	second := 0 // where the tokens of the last text start
	for _, text := range texts {
		size += len(text)
		second = len(s.tokens)
		if e.Offsets {
			s.tokens = t.trace(s.tokens, text, s)
			continue
		}
		s.ids = t.encode(s.ids[:0], validUTF8(text), s)
		for _, id := range s.ids {
			s.tokens = append(s.tokens, token{id: id})
		}
	}
	tokens := [2][]token{s.tokens, nil}
	if len(texts) == 2 {
		tokens = [2][]token{s.tokens[:second], s.tokens[second:]}
	}
	err := limit.cut(e, &tokens, len(template)-len(texts), len(texts))
	if err == nil {
		for i, text := range texts {
			if e.Offsets {
				t.trim(tokens[i], text)
			}
		}
		e.fill(template, tokens)
	}
	clear(s.tokens) // which hold on to texts
	t.giveBack(s, size)
	return err
}

// fill lays tokens out.
func (e *Encoding) fill(template []slot, tokens [2][]token) {
	e.IDs, e.Types, e.Texts, e.Spans, e.Words = e.IDs[:0], e.Types[:0], e.Texts[:0], e.Spans[:0], e.Words[:0]
	for _, p := range template {
		if p.text < 0 {
			e.add(p, token{id: p.id, word: -1})
			continue
		}
		for _, token := range tokens[p.text] {
			e.add(p, token)
		}
	}
}

func (e *Encoding) add(p slot, t token) {
	e.IDs, e.Types, e.Texts = append(e.IDs, t.id), append(e.Types, p.kind), append(e.Texts, p.text)
	if e.Offsets {
		e.Spans, e.Words = append(e.Spans, t.span), append(e.Words, t.word)
	}
}

// Characters turns spans of a text from bytes into characters, Unicode code points, as Python counts them.
func Characters(spans []Span, text string) {
	before := make([]int32, len(text)+1) // how many characters start before each byte
	n := int32(0)
	for at := 0; at < len(text); n++ {
		next := at + characterLength(text[at:])
		for ; at < next; at++ {
			before[at] = n
		}
	}
	before[len(text)] = n
	for i, s := range spans {
		spans[i] = Span{before[s.Start], before[s.End]}
	}
}
