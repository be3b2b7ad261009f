package tokenizer

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// charsmap is SentencePiece's precompiled normalization: a Darts-clone double array that leads from a string to the
// place of its replacement in a blob of NUL-terminated strings.
type charsmap struct {
	units        []uint32
	replacements string
	plain        [128]bool            // ASCII characters that stay as they are
	inert        [1 << 16 / 64]uint64 // bits of the characters below 1<<16 that no key starts with
}

// longest is the number of characters of the longest replacement.
func (m *charsmap) longest() (n int) {
	for text := range strings.SplitSeq(m.replacements, "\x00") {
		n = max(n, utf8.RuneCountInString(text))
	}
	return n
}

// newCharsmap decodes a charsmap: in base64, the array's length in bytes (uint32, little-endian), the array, the blob.
func newCharsmap(encoded string) (*charsmap, error) {
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("decoding precompiled_charsmap: %w", err)
	}
	if len(data) < 4 {
		return nil, errors.New("precompiled_charsmap is empty")
	}
	size := int64(binary.LittleEndian.Uint32(data))
	if size%4 != 0 || size > int64(len(data)-4) {
		return nil, fmt.Errorf("precompiled_charsmap has %d bytes, its array alone says %d", len(data), size)
	}
	m := &charsmap{replacements: string(data[4+size:])}
	if !utf8.ValidString(m.replacements) {
		return nil, errors.New("precompiled_charsmap holds invalid UTF-8")
	}
	for text := range strings.SplitSeq(m.replacements, "\x00") {
		if err := checkToken("a replacement of precompiled_charsmap", text); err != nil {
			return nil, err
		}
	}
	for i := range size / 4 {
		m.units = append(m.units, binary.LittleEndian.Uint32(data[4+4*i:]))
	}
	for c := range m.plain {
		_, changes := m.lookup(string(rune(c)))
		m.plain[c] = c >= ' ' && !changes
	}
	for r := range rune(1 << 16) {
		if _, found, more := m.walk(string(r)); !found && !more {
			m.inert[r/64] |= 1 << (r % 64)
		}
	}
	return m, nil
}

// lookup returns the replacement of the shortest key that text starts with.
func (m *charsmap) lookup(text string) (string, bool) {
	to, found, _ := m.walk(text)
	return to, found
}

// walk is lookup that also tells, where it finds no key, whether there may be more of one behind the end of text.
func (m *charsmap) walk(text string) (to string, found, more bool) {
	node := uint32(0)
	for i := -1; i < len(text); i++ {
		if i >= 0 {
			if text[i] == 0 {
				return "", false, false
			}
			node ^= uint32(text[i])
		}
		if int64(node) >= int64(len(m.units)) {
			return "", false, false
		}
		unit := m.units[node]
		if i >= 0 && unit&(1<<31|0xFF) != uint32(text[i]) {
			return "", false, false
		}
		node ^= unit >> 10 << (unit & (1 << 9) >> 6)
		if i >= 0 && unit>>8&1 == 1 && int64(node) < int64(len(m.units)) {
			to, found = m.replacement(m.units[node] &^ (1 << 31))
			return to, found, false
		}
	}
	return "", false, true
}

// replacement returns the string at place at of the blob.
func (m *charsmap) replacement(at uint32) (string, bool) {
	if int64(at) > int64(len(m.replacements)) {
		return "", false
	}
	text := m.replacements[at:]
	if end := strings.IndexByte(text, 0); end >= 0 {
		text = text[:end]
	}
	return text, true
}

// rewrite replaces each grapheme of less than six bytes as a whole, and else each character by itself: what the Rust
// library does, which drops the rest of a short grapheme whose first character has a replacement. It asks for graphemes
// around keys alone, for all else stays as it is.
func (m *charsmap) rewrite(dst []byte, text string) []byte {
	for last := ""; len(text) > 0; {
		key := m.firstKey(text)
		if key == len(text) {
			return append(dst, text...)
		}
		if start := graphemeBefore(text, key); start > 0 {
			dst = append(dst, text[:start]...)
			last, text, key = "", text[start:], key-start
		}
		for ; key >= 0; key -= len(last) {
			grapheme := firstGrapheme(text)
			dst = m.rewriteGrapheme(dst, last, grapheme)
			last, text = grapheme, text[len(grapheme):]
		}
	}
	return dst
}

// firstKey returns the place of the first key in text, len(text) if there is none. What begins with one ASCII character
// before another is no key that rewrite could use.
func (m *charsmap) firstKey(text string) int {
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf && m.plain[c] && (i+1 == len(text) || text[i+1] < utf8.RuneSelf) {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		if r >= 1<<16 || m.inert[r/64]>>(r%64)&1 == 0 {
			if _, found := m.lookup(text[i:]); found {
				return i
			}
		}
		i += n
	}
	return len(text)
}

// graphemeBefore returns the last place up to at where a grapheme is known to start, 0 if there is none behind.
func graphemeBefore(text string, at int) int {
	for r, _ := utf8.DecodeRuneInString(text[at:]); at > 0; {
		before, n := utf8.DecodeLastRuneInString(text[:at])
		if alone(before) && alone(r) {
			break
		}
		r, at = before, at-n
	}
	return at
}

// firstGrapheme returns the grapheme that text starts with. Common characters are looked at here, since package uniseg
// takes 50 ns for each.
func firstGrapheme(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	if next, _ := utf8.DecodeRuneInString(text[n:]); alone(r) && (alone(next) || n == len(text)) {
		return text[:n]
	}
	grapheme, _, _, _ := uniseg.FirstGraphemeClusterInString(text, -1)
	return grapheme
}

// alone tells whether r is known to be a grapheme by itself where another such character follows: most letters of the
// common scripts.
func alone(r rune) bool {
	switch {
	case r < 0x80:
		return r >= ' ' && r != 0x7F
	case r < 0x0590:
		return r >= 0xC0 && (r < 0x300 || r >= 0x370 && r <= 0x482 || r >= 0x48A)
	case r < 0x0E00: // Hebrew, Arabic, Devanagari
		return r >= 0x5D0 && r <= 0x5EA || r >= 0x620 && r <= 0x64A || r >= 0x904 && r <= 0x939
	case r < 0x1E00: // Thai
		return r >= 0xE01 && r <= 0xE30 || r >= 0xE40 && r <= 0xE46
	case r < 0x3000: // Latin, Greek; punctuation
		return r < 0x2000 || r >= 0x2010 && r < 0x2028
	}
	return r >= 0x3041 && r <= 0x3096 || r >= 0x30A1 && r <= 0x30FA || r >= 0x4E00 && r <= 0x9FFF || r >= 0xAC00 && r <= 0xD7A3
}

// conjoined tells whether two graphemes are one since Unicode 15.1 (UAX 29, rule GB9c), which package uniseg does not
// know yet: consonants of an Indic script with a virama between.
func conjoined(last, grapheme string) bool {
	return startsIndic(grapheme) && startsIndic(last) && strings.ContainsAny(last, "\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d")
}

// startsIndic tells whether text starts with a letter of Devanagari to Malayalam.
func startsIndic(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return r >= 0x900 && r < 0xD80 && unicode.Is(unicode.Lo, r)
}

// rewriteGrapheme appends what stands for a grapheme; last is the one before it.
func (m *charsmap) rewriteGrapheme(dst []byte, last, grapheme string) []byte {
	m.eachReplacement(last, grapheme, func(_, by string) { dst = append(dst, by...) })
	return dst
}

// eachReplacement calls replace for the parts of a grapheme that are replaced as a whole, or stay.
func (m *charsmap) eachReplacement(last, grapheme string, replace func(old, by string)) {
	if len(grapheme) < 6 && !(len(grapheme) > 3 && conjoined(last, grapheme)) {
		if by, ok := m.lookup(grapheme); ok {
			replace(grapheme, by)
			return
		}
	}
	for len(grapheme) > 0 {
		n := runeLength(grapheme[0])
		by, ok := m.lookup(grapheme[:n])
		if !ok {
			by = grapheme[:n]
		}
		replace(grapheme[:n], by)
		grapheme = grapheme[n:]
	}
}

// trace is rewrite with a trace. What the Rust library counts is kept, even where it is odd: a replacement by nothing is
// counted with the character before it, and not at all at the start of the text.
func (m *charsmap) trace(t *traced) {
	steps := t.steps[:0]
	replace := func(old, by string) {
		for _, r := range by {
			steps = append(steps, step{r, 0})
		}
		diff := utf8.RuneCountInString(by) - utf8.RuneCountInString(old)
		for i := range max(0, diff) {
			steps[len(steps)-1-i].change = 1
		}
		if diff < 0 && len(steps) > 0 {
			steps[len(steps)-1].change += diff
		}
	}
	last := ""
	for text := view(t.text); len(text) > 0; text = text[len(last):] {
		grapheme := firstGrapheme(text)
		m.eachReplacement(last, grapheme, replace)
		last = grapheme
	}
	t.steps = steps
	t.transform(steps)
}
