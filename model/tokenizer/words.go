package tokenizer

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// words is a text cut into words: word i is text[ends[i-1]:ends[i]].
type words struct {
	text  []byte
	spans []Span // of each byte of text, where it is traced; else nil
	ends  []int
	first bool   // the first word is where the whole text starts
	spare []byte // what a pre-tokenizer may write to
}

// splitter is a pre-tokenizer: it writes the words that it cuts those of from into. Empty words vanish.
type splitter func(to, from *words)

func (w *words) reset(first bool) {
	w.text, w.spans, w.ends, w.first = w.text[:0], w.spans[:0], w.ends[:0], first
}

// take appends from.text[start:end].
func (w *words) take(from *words, start, end int) {
	w.text = append(w.text, from.text[start:end]...)
	if len(from.spans) > 0 {
		w.spans = append(w.spans, from.spans[start:end]...)
	}
}

// put appends text that stands for the character at from.text[at].
func (w *words) put(from *words, at int, text []byte) {
	w.text = append(w.text, text...)
	if len(from.spans) > 0 {
		for range text {
			w.spans = append(w.spans, from.spans[at])
		}
	}
}

// end ends the current word, if there is one.
func (w *words) end() {
	if n := len(w.ends); len(w.text) > 0 && (n == 0 || w.ends[n-1] < len(w.text)) {
		w.ends = append(w.ends, len(w.text))
	}
}

// splitWhitespace cuts at characters with the property White_Space and drops them.
func splitWhitespace(to, from *words) {
	start := 0
	for _, end := range from.ends {
		word := from.text[start:end]
		to.first = to.first || start == 0 && from.first && spaceLength(word) == 0
		begin := 0
		for i := 0; i < len(word); {
			n := spaceLength(word[i:])
			if n == 0 {
				i++
				continue
			}
			to.take(from, start+begin, start+i)
			to.end()
			i += n
			begin = i
		}
		to.take(from, start+begin, end)
		to.end()
		start = end
	}
}

// spaceLength returns the length of the white space character at the start of text, 0 if there is another one or none.
func spaceLength(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	switch b := text[0]; b {
	case ' ', '\t', '\n', '\v', '\f', '\r':
		return 1
	case 0xC2, 0xE1, 0xE2, 0xE3: // U+0085, U+00A0; U+1680; U+2000 and following; U+3000
		if r, n := utf8.DecodeRune(text); unicode.IsSpace(r) {
			return n
		}
	}
	return 0
}

// metaspace turns spaces into a mark, puts one before each word according to its scheme, and cuts before every mark.
type metaspace struct {
	mark   []byte
	prefix string // always, first (only where the whole text starts) or never
	split  bool
}

func (m metaspace) cut(to, from *words) {
	start := 0
	for i, end := range from.ends {
		word := from.text[start:end]
		begin := len(to.text)
		prefixed := m.prefix == "always" || m.prefix == "first" && i == 0 && from.first
		if prefixed && word[0] != ' ' && !bytes.HasPrefix(word, m.mark) {
			to.put(from, start, m.mark)
		}
		for {
			next := bytes.IndexByte(from.text[start:end], ' ')
			if next < 0 {
				break
			}
			to.take(from, start, start+next)
			to.put(from, start+next, m.mark)
			start += next + 1
		}
		to.take(from, start, end)
		if m.split {
			m.endBeforeMarks(to, begin)
		}
		to.end()
		start = end
	}
	to.first = from.first
}

// endBeforeMarks ends a word before every mark in to.text[begin:].
func (m metaspace) endBeforeMarks(to *words, begin int) {
	for i := begin; ; {
		next := bytes.Index(to.text[i:], m.mark)
		if next < 0 {
			return
		}
		if i += next; i > begin {
			to.ends = append(to.ends, i)
		}
		i += len(m.mark)
	}
}

// splitBert cuts at white space, which it drops, and around every punctuation character.
func splitBert(to, from *words) {
	start := 0
	for _, end := range from.ends {
		for start < end {
			r, n := utf8.DecodeRune(from.text[start:end])
			space, punctuation := unicode.IsSpace(r), isPunctuation(r)
			if space || punctuation {
				to.end()
			}
			if !space {
				to.take(from, start, start+n)
			}
			if punctuation {
				to.end()
			}
			start += n
		}
		to.end()
	}
}

// isPunctuation tells whether r is of category P, or one of the ASCII symbols that BERT treats alike.
func isPunctuation(r rune) bool {
	if r < utf8.RuneSelf {
		return r > ' ' && r < 0x7F && !('0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z')
	}
	return unicode.IsPunct(r) && unicode.Is(unicode8, r) || r == 0x166D || r == 0x111C9 // punctuation in Unicode 8
}
