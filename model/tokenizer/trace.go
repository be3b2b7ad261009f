package tokenizer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// trace appends the tokens of text, without the template, with their places. It goes the same way as encode does, so that
// the ids are the same.
func (t *Tokenizer) trace(dst []token, text string, s *scratch) []token {
	s.source.source(text)
	repaired := view(s.source.text)
	word := int32(0)
	matches := t.raw.matches(repaired)
	for {
		m := matches.next()
		if m.from < m.start {
			s.part.reset(repaired[m.from:m.start], s.source.spans[m.from:m.start])
			dst = t.traceRaw(dst, m.from == 0, &word, s)
		}
		if m.id < 0 {
			return dst
		}
		dst = append(dst, addedAt(m, repaired[m.start:matches.from], s.source.spans[m.start:matches.from], &word))
	}
}

// traceRaw appends the tokens of s.part, which is the text between added tokens.
func (t *Tokenizer) traceRaw(dst []token, first bool, word *int32, s *scratch) []token {
	for _, n := range t.normalize {
		n.trace(&s.part)
	}
	text, spans := view(s.part.text), s.part.spans
	first = first && len(spans) > 0 && spans[0].Start == 0
	matches := t.normalized.matches(text)
	for {
		m := matches.next()
		if m.from < m.start {
			dst = t.traceNormalized(dst, text[m.from:m.start], spans[m.from:m.start], first && m.from == 0, word, s)
		}
		if m.id < 0 {
			return dst
		}
		dst = append(dst, addedAt(m, text[m.start:matches.from], spans[m.start:matches.from], word))
	}
}

// movesStart tells whether a pre-tokenizer looks at where the text starts, and a normalizer may take its start away.
func movesStart(f *file) bool {
	return slices.Contains(kindsOf(f.Split), "Metaspace first") && slices.ContainsFunc(kindsOf(f.Normalize), func(kind string) bool {
		return slices.Contains([]string{"BertNormalizer", "Nmt", "Precompiled", "Replace", "Strip", "StripAccents"}, kind)
	})
}

// keepsStart tells whether the normalizers leave something of the first character of text at its start.
func (t *Tokenizer) keepsStart(text string, s *scratch) bool {
	s.source.source(text)
	s.part.reset(text, s.source.spans)
	for _, n := range t.normalize {
		n.trace(&s.part)
	}
	return len(s.part.spans) > 0 && s.part.spans[0].Start == 0
}

// addedAt is the token of an added token, a word by itself.
func addedAt(m match, text string, spans []Span, word *int32) token {
	*word++
	return token{m.id, *word - 1, Span{spans[0].Start, spans[len(spans)-1].End}, strings.Clone(text)}
}

// traceNormalized appends the tokens of normalized text.
func (t *Tokenizer) traceNormalized(dst []token, text string, spans []Span, first bool, word *int32, s *scratch) []token {
	w := &s.words[0]
	w.reset(first)
	w.text, w.spans = append(w.text, text...), append(w.spans, spans...)
	w = t.splitWords(w, s)
	start := 0
	for _, end := range w.ends {
		s.pieces = t.model.pieces(s.pieces[:0], w.text[start:end], s)
		for _, p := range s.pieces {
			span := Span{w.spans[start+int(p.start)].Start, w.spans[start+int(p.end)-1].End}
			dst = append(dst, token{p.id, *word, span, t.spelled(p, w.text[start:end])})
		}
		*word++
		start = end
	}
	return dst
}

// spelled returns what a piece of word is spelled like for trim, which looks at nothing else: an unknown one of Unigram as
// the text is, of other models like the unknown token.
func (t *Tokenizer) spelled(p piece, word []byte) string {
	if len(t.trims) == 0 {
		return ""
	}
	if _, ok := t.kind().(*unigram); ok && p.id == t.model.unknownID() {
		return string(word[p.start:p.end])
	}
	return t.Piece(p.id)
}

// blank tells whether r is white space, or the character that stands for a space in byte-level vocabularies.
func blank(r rune) bool { return r == 'Ġ' || unicode.IsSpace(r) }

// trim takes the white space at both ends of tokens out of their spans, where the post-processor says so; text is what
// they are of.
func (t *Tokenizer) trim(tokens []token, text string) {
	for _, trim := range t.trims {
		for i := range tokens {
			token := &tokens[i]
			leading := utf8.RuneCountInString(token.text) - utf8.RuneCountInString(strings.TrimLeftFunc(token.text, blank))
			trailing := utf8.RuneCountInString(token.text) - utf8.RuneCountInString(strings.TrimRightFunc(token.text, blank))
			if leading == 1 && trim.prefix && (i == 0 || token.span.Start == 0) {
				leading = 0
			}
			token.span.trim(leading, trailing, text)
		}
	}
}

// trim makes s shorter by so many characters of text, but never less than empty.
func (s *Span) trim(leading, trailing int, text string) {
	for ; leading > 0 && s.Start < s.End; leading-- {
		s.Start += int32(characterLength(text[s.Start:]))
	}
	end := s.End
	for ; trailing > 0 && end > 0; trailing-- {
		_, n := utf8.DecodeLastRuneInString(text[:end])
		end -= int32(n)
	}
	if trailing == 0 { // the Rust library leaves the end as it is where the text before it is shorter
		s.End = max(end, s.Start)
	}
}
