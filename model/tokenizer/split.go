package tokenizer

import (
	"encoding/json"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// behavior is what becomes of the text that a pattern matches.
type behavior string

// The behaviors, with what they make of the-final--countdown and the pattern -.
const (
	removed            behavior = "Removed"            // the final countdown
	isolated           behavior = "Isolated"           // the - final - - countdown
	mergedWithPrevious behavior = "MergedWithPrevious" // the- final- - countdown
	mergedWithNext     behavior = "MergedWithNext"     // the -final - -countdown
	contiguous         behavior = "Contiguous"         // the - final -- countdown
)

// split is the pre-tokenizer Split: it cuts words where a pattern matches.
type split struct {
	find     pattern
	behavior behavior
	invert   bool // what does not match counts as a match, and the other way round
}

func (s split) cut(to, from *words) {
	start := 0
	for i, end := range from.ends {
		word := from.text[start:end]
		before := false // whether the part before is a match
		for at := 0; at < len(word); {
			begin, stop := s.find(word, at)
			match := begin == at
			if begin > at {
				stop = begin
			} else if begin < 0 {
				stop = len(word)
			}
			match = match != s.invert
			if i == 0 && at == 0 {
				to.first = from.first && !(match && s.behavior == removed)
			}
			if s.starts(match, before) {
				to.end()
			}
			if !match || s.behavior != removed {
				to.take(from, start+at, start+stop)
			}
			before, at = match, stop
		}
		to.end()
		start = end
	}
}

// starts tells whether a part, a match or not as the one before it was, begins a new word.
func (s split) starts(match, before bool) bool {
	switch s.behavior {
	case mergedWithPrevious:
		return !match || before
	case mergedWithNext:
		return match || !before
	case contiguous:
		return match != before
	}
	return true
}

// splitFile is the pre-tokenizer Split, Digits, Punctuation or Whitespace of a tokenizer.json.
type splitFile struct {
	Pattern    map[string]string `json:"pattern"`
	Behavior   behavior          `json:"behavior"`
	Invert     bool              `json:"invert"`
	Individual bool              `json:"individual_digits"`
}

// parseSplit returns the pre-tokenizer of one of those kinds.
func parseSplit(kind string, data json.RawMessage) (splitter, error) {
	var f splitFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	s := split{behavior: f.Behavior, invert: f.Invert}
	switch kind {
	case "Split":
		var err error
		if s.find, err = parsePattern(f.Pattern); err != nil {
			return nil, fmt.Errorf("Split: %w", err)
		}
	case "Digits":
		s = split{find: characters(isNumber), behavior: contiguous}
		if f.Individual {
			s.behavior = isolated
		}
	case "Punctuation":
		s.find = characters(isPunctuation)
		if f.Behavior == "" {
			s.behavior = isolated
		}
	case "Whitespace":
		s = split{find: wordOrSymbols, behavior: removed, invert: true}
	}
	switch s.behavior {
	case removed, isolated, mergedWithPrevious, mergedWithNext, contiguous:
		return s.cut, nil
	}
	return nil, fmt.Errorf("behavior %q of %s is not known", f.Behavior, kind)
}

// isNumber tells whether r is of category N, as of Unicode 17.
func isNumber(r rune) bool {
	return unicode.IsNumber(r) || newest["N"].has(r) || r >= 0x11DE0 && r <= 0x11DE9 || r >= 0x16FF4 && r <= 0x16FF6
}

// wordOrSymbols is the pattern of Whitespace: word characters in a row, or others that are no white space.
func wordOrSymbols(text []byte, from int) (start, end int) {
	start = -1
	var first int
	for at := from; at < len(text); {
		r, n := utf8.DecodeRune(text[at:])
		kind := 1
		switch {
		case unicode.IsSpace(r):
			kind = 0
		case isWord(r):
			kind = 2
		}
		if start >= 0 && kind != first {
			return start, at
		}
		if start < 0 && kind > 0 {
			start, first = at, kind
		}
		at += n
	}
	return start, len(text)
}
