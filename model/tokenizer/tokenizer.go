package tokenizer

import (
	"math"
	"sync"
)

// Tokenizer is a parsed tokenizer.json. It is safe for concurrent use.
type Tokenizer struct {
	raw        *addedTokens // looked for in the text as it is
	normalized *addedTokens // looked for in normalized text
	normalize  []normalizer
	split      []splitter
	model      model
	*postProcessor
	before   []int32 // special tokens before a single text
	after    []int32 // and behind it
	pieces   []string
	extra    map[int32]string // added tokens that are no pieces of the model
	special  map[int32]bool
	size     int
	wordwise bool      // words between spaces can be encoded one by one, and are looked up before all else
	lookUp   bool      // words are looked up before the model sees them
	scratch  sync.Pool // of *scratch

	// movesStart says that a pre-tokenizer looks at whether a word is where the text starts, and that a normalizer may take
	// the start of the text away.
	movesStart bool
}

// model cuts a word of valid UTF-8 into pieces and appends their ids.
type model interface {
	id(piece string) int32 // or -1
	unknownID() int32
	encode(dst []int32, word []byte, s *scratch) []int32
	pieces(dst []piece, word []byte, s *scratch) []piece
}

// scratch is the memory that one call to Encode works in.
type scratch struct {
	text  [2][]byte // normalizers write from one to the other
	words [2]words  // and pre-tokenizers
	best  []arrival
	cache cache
	parts []part   // of a word that BPE merges
	heap  []uint64 // of what it merges next

	ids    []int32 // of a text or word
	tokens []token // of one or two texts
	source traced  // a text as it was given, what is not UTF-8 replaced
	part   traced  // a part of it between added tokens
	pieces []piece // of a word

	tell func(word []byte, ids []int32) // is told of every word, by a Watcher
}

// scratchLimit is the length of text, in bytes, beyond which a call's memory is not kept for the next.
const scratchLimit = 1 << 20

// Encode appends the ids of text, with the special tokens of the template around. Text may be any bytes: what is not
// UTF-8 becomes U+FFFD.
func (t *Tokenizer) Encode(dst []int32, text string) []int32 {
	ids, _ := t.EncodeTruncated(dst, text, math.MaxInt)
	return ids
}

// EncodeTruncated is Encode for at most maxTokens ids, special tokens included: the text's last ids are cut off, and
// cut says how many. The special tokens stay even where maxTokens is less than their number.
func (t *Tokenizer) EncodeTruncated(dst []int32, text string, maxTokens int) (ids []int32, cut int) {
	s := t.borrow()
	dst = append(dst, t.before...)
	first := len(dst)
	dst = t.encode(dst, validUTF8(text), s)
	t.giveBack(s, len(text))
	keep := max(0, maxTokens-len(t.before)-len(t.after))
	if cut = max(0, len(dst)-first-keep); cut > 0 {
		dst = dst[:first+keep]
	}
	return append(dst, t.after...), cut
}

// borrow returns memory to work in.
func (t *Tokenizer) borrow() *scratch {
	if s, ok := t.scratch.Get().(*scratch); ok {
		return s
	}
	return &scratch{}
}

// giveBack keeps s for the next call, unless it had a long text, of so many bytes, to work on.
func (t *Tokenizer) giveBack(s *scratch, size int) {
	if size <= scratchLimit {
		t.scratch.Put(s)
	}
}

// encode appends the ids of text without the template.
func (t *Tokenizer) encode(dst []int32, text string, s *scratch) []int32 {
	matches := t.raw.matches(text)
	for {
		m := matches.next()
		if m.from < m.start {
			dst = t.encodeRaw(dst, text[m.from:m.start], m.from == 0, s)
		}
		if m.id < 0 {
			return dst
		}
		dst = append(dst, m.id)
	}
}

// encodeRaw appends the ids of text between added tokens; first tells that the whole text starts with it.
func (t *Tokenizer) encodeRaw(dst []int32, text string, first bool, s *scratch) []int32 {
	if t.wordwise {
		return t.encodeWords(dst, text, s)
	}
	if first && t.movesStart {
		first = t.keepsStart(text, s)
	}
	text = t.rewrite(text, s)
	matches := t.normalized.matches(text)
	for {
		m := matches.next()
		if m.from < m.start {
			dst = t.encodeNormalized(dst, text[m.from:m.start], first && m.from == 0, s)
		}
		if m.id < 0 {
			return dst
		}
		dst = append(dst, m.id)
	}
}

// rewrite applies the normalizers. What it returns is valid until s is used again.
func (t *Tokenizer) rewrite(text string, s *scratch) string {
	for i, n := range t.normalize {
		to := &s.text[i&1]
		*to = n.rewrite((*to)[:0], text)
		text = view(*to)
	}
	return text
}

// splitWords ends what is in the first words of s and cuts it as the pre-tokenizers say.
func (t *Tokenizer) splitWords(w *words, s *scratch) *words {
	w.end()
	for i, split := range t.split {
		next := &s.words[(i+1)&1]
		next.reset(false)
		split(next, w)
		w = next
	}
	return w
}

// encodeNormalized appends the ids of normalized text.
func (t *Tokenizer) encodeNormalized(dst []int32, text string, first bool, s *scratch) []int32 {
	w := &s.words[0]
	w.reset(first)
	w.text = append(w.text, text...)
	w = t.splitWords(w, s)
	start := 0
	for _, end := range w.ends {
		dst = t.encodeWord(dst, w.text[start:end], s)
		start = end
	}
	return dst
}

// encodeWord appends the ids of a word that normalizers and pre-tokenizers have made.
func (t *Tokenizer) encodeWord(dst []int32, word []byte, s *scratch) []int32 {
	if !t.lookUp {
		return t.model.encode(dst, word, s)
	}
	var k cacheKey
	k.read(view(word))
	if k.length != len(word) { // too long, or with a space in it
		return t.model.encode(dst, word, s)
	}
	ids, known := s.cache.appendTo(dst, &k)
	if !known {
		ids = t.model.encode(dst, word, s)
		s.cache.put(&k, ids[len(dst):])
	}
	return ids
}

// IsSpecial tells whether id is a special token, one that stands for no text. The unknown token stands for text, and
// is none, although files list it among them.
func (t *Tokenizer) IsSpecial(id int32) bool { return t.special[id] }

// VocabularySize returns the highest id plus one.
func (t *Tokenizer) VocabularySize() int { return t.size }

// Piece returns the piece or added token with id as tokenizer.json writes it, or "" if there is none.
func (t *Tokenizer) Piece(id int32) string {
	if text, ok := t.extra[id]; ok {
		return text
	}
	if id < 0 || int(id) >= len(t.pieces) {
		return ""
	}
	return t.pieces[id]
}
