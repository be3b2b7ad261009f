package tokenizer

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// The expressions that byte-level tokenizers cut words with: those of GPT-2, which ByteLevel has built in, of GPT-4 and
// Llama 3, and of Qwen 2, which has one digit a word.
const (
	gpt2Expression = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	gpt4Expression = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	qwenExpression = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// What these expressions tell apart.
const (
	nothing = iota // the end of the text
	letter
	number
	space
	newline // a line feed or carriage return
	symbol  // the rest
)

// kinds has the kind of every character.
var kinds = sync.OnceValue(func() *[unicode.MaxRune + 1]uint8 {
	k := &[unicode.MaxRune + 1]uint8{}
	set := func(low, high, stride rune, kind uint8) {
		for r := low; r <= high; r += stride {
			k[r] = kind
		}
	}
	set(0, unicode.MaxRune, 1, symbol)
	tables := []*unicode.RangeTable{letter: unicode.L, number: unicode.N, space: unicode.White_Space}
	for kind, table := range tables {
		if table == nil {
			continue
		}
		for _, r := range table.R16 {
			set(rune(r.Lo), rune(r.Hi), rune(r.Stride), uint8(kind))
		}
		for _, r := range table.R32 {
			set(rune(r.Lo), rune(r.Hi), rune(r.Stride), uint8(kind))
		}
	}
	for i := 0; i < len(newestLetters); i += 2 {
		set(newestLetters[i], newestLetters[i+1], 1, letter)
	}
	for i := 0; i < len(newest["N"]); i += 2 {
		set(newest["N"][i], newest["N"][i+1], 1, number)
	}
	k['\n'], k['\r'] = newline, newline
	return k
})

// kindAt returns the kind of the character at text[at:] and its length.
func kindAt(k *[unicode.MaxRune + 1]uint8, text []byte, at int) (kind uint8, length int) {
	if at >= len(text) {
		return nothing, 0
	}
	if b := text[at]; b < utf8.RuneSelf {
		return k[b], 1
	}
	r, n := utf8.DecodeRune(text[at:])
	return k[r], n
}

// run returns where the characters of a kind, or of the other, end that begin at text[at:].
func run(k *[unicode.MaxRune + 1]uint8, text []byte, at int, kind, other uint8) int {
	for {
		next, n := kindAt(k, text, at)
		if next != kind && next != other || n == 0 {
			return at
		}
		at += n
	}
}

// gpt2Word returns the end of the word of GPT-2's expression that begins at text[at:].
func gpt2Word(text []byte, at int) int {
	if n := contraction(text[at:], false); n > 0 {
		return at + n
	}
	k := kinds()
	kind, n := kindAt(k, text, at)
	if text[at] == ' ' {
		if next, _ := kindAt(k, text, at+1); next == letter || next == number || next == symbol {
			kind = next
		}
	}
	if kind == space || kind == newline {
		return beforeWord(text, at, run(k, text, at, space, newline))
	}
	return run(k, text, at+n, kind, kind)
}

// gpt4Word returns the end of the word of GPT-4's expression that begins at text[at:], with so many digits at most.
func gpt4Word(text []byte, at, digits int) int {
	if n := contraction(text[at:], true); n > 0 {
		return at + n
	}
	k := kinds()
	kind, n := kindAt(k, text, at)
	next, m := kindAt(k, text, at+n)
	switch {
	case kind == letter || next == letter && kind != number && kind != newline:
		return run(k, text, at+n, letter, letter)
	case kind == number:
		for end := at + n; ; digits-- {
			if next, n = kindAt(k, text, end); next != number || digits == 1 {
				return end
			}
			end += n
		}
	case kind == symbol || text[at] == ' ' && next == symbol:
		if kind != symbol {
			n += m
		}
		end := run(k, text, at+n, symbol, symbol)
		return run(k, text, end, newline, newline)
	}
	end := run(k, text, at, space, newline)
	for i := end - 1; i >= at; i-- {
		if text[i] == '\n' || text[i] == '\r' {
			return i + 1
		}
	}
	return beforeWord(text, at, end)
}

// beforeWord returns the end of white space from text[start:]: its last character stays with a word that follows, unless
// it is the only one.
func beforeWord(text []byte, start, end int) int {
	_, n := utf8.DecodeLastRune(text[start:end])
	if end < len(text) && n < end-start {
		return end - n
	}
	return end
}

// contraction returns the length of 's, 't, 're, 've, 'm, 'll or 'd, in upper case too where folded, that text starts
// with, or 0.
func contraction(text []byte, folded bool) int {
	if len(text) < 2 || text[0] != '\'' {
		return 0
	}
	var pair [2]byte
	copy(pair[:], text[1:])
	if folded {
		if pair == [2]byte{0xC5, 0xBF} { // the long s is an s
			return 3
		}
		for i, c := range pair {
			if c >= 'A' && c <= 'Z' {
				pair[i] = c | 0x20
			}
		}
	}
	switch pair[0] {
	case 's', 't', 'm', 'd':
		return 2
	case 'r', 'v':
		if pair[1] == 'e' {
			return 3
		}
	case 'l':
		if pair[1] == 'l' {
			return 3
		}
	}
	return 0
}
