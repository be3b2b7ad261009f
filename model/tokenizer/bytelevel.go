package tokenizer

// byteRunes has the visible character that stands for each byte in byte-level vocabularies: printable Latin-1 for
// itself, the others from U+0100 on.
var byteRunes = func() (runes [256]string) {
	next := rune(0x100)
	for b := range runes {
		if b >= '!' && b <= '~' || b >= 0xA1 && b != 0xAD {
			runes[b] = string(rune(b))
			continue
		}
		runes[b] = string(next)
		next++
	}
	return runes
}()

// byteLevel cuts text into words with the expression of GPT-2, if there is one, and writes each byte as a character.
type byteLevel struct {
	prefix bool // puts a space before text that does not begin with one
	word   func(text []byte, at int) int
}

func (b byteLevel) cut(to, from *words) {
	start := 0
	for _, end := range from.ends {
		word, ahead := from.text[start:end], 0
		if b.prefix && word[0] != ' ' {
			to.spare = append(append(to.spare[:0], ' '), word...)
			word, ahead = to.spare, 1
		}
		for at := 0; at < len(word); {
			next := len(word)
			if b.word != nil {
				next = b.word(word, at)
			}
			to.text = appendByteRunes(to.text, word[at:next])
			for i := at; i < next && len(from.spans) > 0; i++ {
				for range len(byteRunes[word[i]]) {
					to.spans = append(to.spans, from.spans[start+max(i-ahead, 0)])
				}
			}
			to.end()
			at = next
		}
		start = end
	}
	to.first = from.first
}

// coversBytes tells whether every byte is a piece, wherever it stands in a word: then no text is unknown behind ByteLevel.
func (m *bpe) coversBytes(prefix string) bool {
	for _, b := range byteRunes {
		if m.id(b) < 0 || m.id(b+m.suffix) < 0 || m.id(prefix+b) < 0 || m.id(prefix+b+m.suffix) < 0 {
			return false
		}
	}
	return true
}

// appendByteRunes appends the character that stands for each byte of text.
func appendByteRunes(dst, text []byte) []byte {
	for _, b := range text {
		if b > ' ' && b < 0x7F {
			dst = append(dst, b)
		} else {
			dst = append(dst, byteRunes[b]...)
		}
	}
	return dst
}

// rewriteBytes is the normalizer ByteLevel.
func rewriteBytes(dst []byte, text string) []byte { return appendByteRunes(dst, bytesOf(text)) }

// appendRuneBytes appends the characters that stand for the bytes of r.
func appendRuneBytes(dst []byte, r rune) []byte { return appendByteRunes(dst, []byte(string(r))) }

// rewritePrepend puts prefix before a text that is not empty.
func rewritePrepend(prefix string) rewriter {
	return func(dst []byte, text string) []byte {
		if text != "" {
			dst = append(dst, prefix...)
		}
		return append(dst, text...)
	}
}
