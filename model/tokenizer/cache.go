package tokenizer

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

const (
	cacheSets  = 1 << 15            // 4 MiB for each call that runs at the same time
	patience   = 1000               // words before it is worth its memory
	lineWords  = 8                  // a line of the processor's cache
	keyWords   = 5                  // longer keys are not kept
	hashFactor = 0x9E3779B97F4A7C15 // 2^64 divided by the golden ratio
	spaces     = 0x2020202020202020
	lowBits    = 0x0101010101010101
	highBits   = 0x8080808080808080
)

// cacheLine has the length of a key in bytes times 256 and one more than the number of its ids; then the key; then the ids, two
// in each word.
type cacheLine [lineWords]uint64

// cache remembers the ids of short words: of those with the same hash, the one that came last, and one that came more
// than once. It takes no memory before it has been given patience words.
type cache struct {
	sets  [][2]cacheLine
	given int // while there are no sets
}

// cacheKey is what a text starts with, up to its first space.
type cacheKey struct {
	words  [keyWords]uint64 // padded with zeros
	length int              // in bytes; -1 if the words end before a space comes
	hash   uint64
}

// read sets k to what text starts with.
func (k *cacheKey) read(text string) {
	hash := uint64(0)
	for i := range k.words {
		word := loadWord(text, 8*i)
		other := word ^ spaces
		found := (other - lowBits) &^ other & highBits // the lowest bit that is set is that of the first space
		if found == 0 {
			k.words[i] = word
			hash = bits.RotateLeft64((hash^word)*hashFactor, 32)
			continue
		}
		n := bits.TrailingZeros64(found) / 8
		k.words[i] = word & (1<<(8*n) - 1)
		k.length = 8*i + n
		k.hash = (hash ^ k.words[i]) * hashFactor
		return
	}
	k.length = -1
}

// loadWord returns the eight bytes at place at of text, with spaces for those behind its end.
func loadWord(text string, at int) uint64 {
	if at+8 <= len(text) {
		return binary.LittleEndian.Uint64(bytesOf(text[at:]))
	}
	word := uint64(spaces)
	for i := len(text) - 1; i >= at; i-- {
		word = word<<8 | uint64(text[i])
	}
	return word
}

// set returns where k belongs.
func (c *cache) set(k *cacheKey) *[2]cacheLine { return &c.sets[k.hash>>32%cacheSets] }

// appendTo appends the ids of k to dst, if they are known.
func (c *cache) appendTo(dst []int32, k *cacheKey) (ids []int32, known bool) {
	if c.sets == nil {
		return dst, false
	}
	set := c.set(k)
	if !set[0].has(k) {
		if !set[1].has(k) {
			return dst, false
		}
		set[0], set[1] = set[1], set[0]
	}
	s := &set[0]
	n := int(s[0]&255) - 1
	first := len(dst)
	dst = slices.Grow(dst, 2*lineWords)[:first+n]
	for i, from := first, 1+(k.length+7)/8; i < first+n; i, from = i+2, from+1 {
		both := s[from%lineWords]
		dst[:cap(dst)][i], dst[:cap(dst)][i+1] = int32(both), int32(both>>32)
	}
	return dst, true
}

// has tells whether s is the line of k.
func (s *cacheLine) has(k *cacheKey) bool {
	if s[0]>>8 != uint64(k.length) || s[0] == 0 {
		return false
	}
	for i := range (k.length + 7) / 8 {
		if s[1+i] != k.words[i] {
			return false
		}
	}
	return true
}

// put remembers the ids of k, if they fit.
func (c *cache) put(k *cacheKey, ids []int32) {
	n := (k.length + 7) / 8
	if k.length < 0 || 1+n+(len(ids)+1)/2 > lineWords {
		return
	}
	if c.sets == nil {
		if c.given++; c.given < patience {
			return
		}
		c.sets = make([][2]cacheLine, cacheSets)
	}
	set := c.set(k)
	s := &set[1]
	if set[0][0] == 0 {
		s = &set[0]
	}
	s[0] = uint64(k.length)<<8 | uint64(len(ids)+1)
	copy(s[1:], k.words[:n])
	for i := 0; i < len(ids); i += 2 {
		s[1+n+i/2] = uint64(uint32(ids[i]))
		if i+1 < len(ids) {
			s[1+n+i/2] |= uint64(ids[i+1]) << 32
		}
	}
}
