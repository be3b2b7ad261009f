package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Span is a part of a text, from Start to before End, in bytes.
type Span struct{ Start, End int32 }

// traced is a text that remembers where it came from, as the Rust library's NormalizedString does.
type traced struct {
	text  []byte
	spans []Span // of every byte of text, in the text as the caller gave it; the same for all bytes of a character
	next  []byte // what the next normalizer writes to
	moved []Span // and its spans
	steps []step // of transform
}

// reset takes in a part of a text with its spans.
func (t *traced) reset(text string, spans []Span) {
	t.text, t.spans = append(t.text[:0], text...), append(t.spans[:0], spans...)
}

// add writes text, all of it from one place.
func (t *traced) add(text string, from Span) {
	t.next = append(t.next, text...)
	for range len(text) {
		t.moved = append(t.moved, from)
	}
}

// keep writes a part of the text as it is.
func (t *traced) keep(start, end int) {
	t.next, t.moved = append(t.next, t.text[start:end]...), append(t.moved, t.spans[start:end]...)
}

// done ends a normalizer: what it wrote is the text now.
func (t *traced) done() {
	t.text, t.next = t.next, t.text[:0]
	t.spans, t.moved = t.moved, t.spans[:0]
}

// step is a character that a normalizer writes, with what happens to those that it reads.
type step struct {
	r      rune
	change int // 1: r is new; 0: it replaces the next character; -n: it replaces that one and n more vanish
}

// transform rewrites the text by steps. A new character belongs where the one before it does.
func (t *traced) transform(steps []step) {
	if len(t.text) == 0 {
		return
	}
	at := 0
	for _, s := range steps {
		from := Span{t.spans[0].Start, t.spans[0].Start}
		if s.change > 0 && at > 0 {
			from = t.spans[at-1]
		} else if s.change <= 0 {
			from = t.spans[min(at, len(t.spans)-1)]
		}
		for n := s.change; n <= 0 && at < len(t.text); n++ {
			at += runeLength(t.text[at])
		}
		size := len(t.next)
		t.next = utf8.AppendRune(t.next, s.r)
		for range len(t.next) - size {
			t.moved = append(t.moved, from)
		}
	}
	t.done()
}

// source writes a text as the caller gave it, with U+FFFD for what is not UTF-8.
func (t *traced) source(text string) {
	t.next, t.moved = t.next[:0], t.moved[:0]
	for at := 0; at < len(text); {
		r, _ := utf8.DecodeRuneInString(text[at:])
		next := at + characterLength(text[at:])
		t.add(string(r), Span{int32(at), int32(next)})
		at = next
	}
	t.done()
}

// traceRunes is the trace of rewriteRunes.
func traceRunes(to func(dst []byte, r rune) []byte) func(*traced) {
	return func(t *traced) {
		for at := 0; at < len(t.text); {
			r, n := utf8.DecodeRune(t.text[at:])
			size := len(t.next)
			t.next = to(t.next, r)
			for range len(t.next) - size {
				t.moved = append(t.moved, t.spans[at])
			}
			at += n
		}
		t.done()
	}
}

// traceStrip is the trace of rewriteStrip.
func traceStrip(left, right bool) func(*traced) {
	return func(t *traced) {
		text := view(t.text)
		if right {
			text = strings.TrimRightFunc(text, unicode.IsSpace)
		}
		end := len(text)
		if left {
			text = strings.TrimLeftFunc(text, unicode.IsSpace)
		}
		t.keep(end-len(text), end)
		t.done()
	}
}

// traceReplace is the trace of a normalizer that writes by for every match. It belongs where the match ends.
func traceReplace(matches func(text []byte) [][]int, by string) func(*traced) {
	return func(t *traced) {
		at := 0
		for _, m := range matches(t.text) {
			t.keep(at, m[0])
			at = m[1]
			t.add(by, t.spans[max(at-1, 0)])
		}
		t.keep(at, len(t.text))
		t.done()
	}
}

// tracePrepend is the trace of rewritePrepend.
func tracePrepend(prefix string) func(*traced) {
	return func(t *traced) {
		if len(t.text) > 0 {
			t.add(prefix, t.spans[0])
			t.keep(0, len(t.text))
		}
		t.done()
	}
}
