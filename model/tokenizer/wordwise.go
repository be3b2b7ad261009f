package tokenizer

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// isWordwise tells whether the words between spaces can be encoded one by one: no normalizer looks across a space, except
// that it may belong to a grapheme with the characters beside it, and the first pre-tokenizer drops spaces.
func isWordwise(f *file, t *Tokenizer) bool {
	normalizers, splitters := kindsOf(f.Normalize), kindsOf(f.Split)
	if len(t.normalized.tokens) > 0 || len(splitters) == 0 || strings.HasPrefix(splitters[0], "Metaspace") {
		return false
	}
	for _, kind := range normalizers {
		switch kind {
		case "Precompiled", "BertNormalizer", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Nmt", "StripAccents":
		default:
			return false
		}
	}
	for _, kind := range splitters {
		switch kind {
		case "WhitespaceSplit", "BertPreTokenizer", "Metaspace":
		default:
			return false
		}
	}
	return t.rewrite(" ", &scratch{}) == " "
}

// kindsOf returns the kinds of the parts of a normalizer or pre-tokenizer, one for each in the order that they apply. A
// Metaspace that treats the first word of a text in its own way is called Metaspace first.
func kindsOf(data json.RawMessage) (all []string) {
	var f struct {
		Type        string            `json:"type"`
		Normalizers []json.RawMessage `json:"normalizers"`
		Splitters   []json.RawMessage `json:"pretokenizers"`
		Scheme      string            `json:"prepend_scheme"`
	}
	if absent(data) || json.Unmarshal(data, &f) != nil {
		return nil
	}
	if f.Type == "Metaspace" && f.Scheme == "first" {
		return []string{"Metaspace first"}
	}
	if f.Type != "Sequence" {
		return []string{f.Type}
	}
	for _, part := range append(f.Normalizers, f.Splitters...) {
		all = append(all, kindsOf(part)...)
	}
	return all
}

// encodeWords appends the ids of text, whose words can be encoded one by one. It cuts at spaces, but where a grapheme may
// hold the space, and looks words up before it encodes them.
func (t *Tokenizer) encodeWords(dst []int32, text string, s *scratch) []int32 {
	var k cacheKey
	last, lastIDs := 0, len(dst) // where the last word and its ids start
	for at := 0; at < len(text); at++ {
		if text[at] == ' ' {
			continue
		}
		k.read(text[at:])
		if k.length >= 0 {
			if ids, known := s.cache.appendTo(dst, &k); known {
				last, lastIDs, dst = at, len(dst), ids
				at += k.length
				continue
			}
		}
		end := spaceAfter(text, at)
		switch {
		case startsAlone(text[at:]) && !endsOpen(text[:end]):
			last, lastIDs = at, len(dst)
			dst = t.encodeNormalized(dst, t.rewrite(text[at:end], s), false, s)
			s.cache.put(&k, dst[lastIDs:])
		default: // the space before or behind may belong to a grapheme of this word
			if !startsAlone(text[at:]) && last < at {
				dst = dst[:lastIDs]
			} else {
				last, lastIDs = at, len(dst)
			}
			for end < len(text) && (endsOpen(text[:end]) || !startsAlone(text[end+1:])) {
				end = spaceAfter(text, end+1)
			}
			dst = t.encodeNormalized(dst, t.rewrite(text[last:end], s), false, s)
		}
		at = end
	}
	return dst
}

// spaceAfter returns the place of the first space in text[at:], or the end.
func spaceAfter(text string, at int) int {
	if n := strings.IndexByte(text[at:], ' '); n >= 0 {
		return at + n
	}
	return len(text)
}

// startsAlone tells whether text is known to start with a grapheme that a space before it does not belong to.
func startsAlone(text string) bool {
	r, n := utf8.DecodeRuneInString(text)
	return n == 0 || alone(r)
}

// endsOpen tells whether text ends with a character that what follows belongs to, even a space (UAX 29, rule GB9b).
func endsOpen(text string) bool {
	r, _ := utf8.DecodeLastRuneInString(text)
	switch {
	case r < 0x600:
		return false
	case r < 0x1000:
		return r <= 0x605 || r == 0x6DD || r == 0x70F || r == 0x890 || r == 0x891 || r == 0x8E2 || r == 0xD4E
	}
	return r >= 0x11000 && r < 0x12000 && !unicode.Is(unicode.Mn, r) // a few letters of Brahmic scripts
}
