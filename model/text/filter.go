package text

import "unicode/utf8"

// A Filter says which texts are of no use. What is 0 is not looked at.
type Filter struct {
	MinCharacters int        // fewer are too short
	MaxCharacters int        // more are too long
	MaxRatio      float64    // of the characters of a text's translation to its own, or the other way round
	MinScript     float64    // share of letters in the language's script, 0 to 1
	MaxOther      float64    // probability of another language, 0 to 1, from which the language is wrong
	Languages     *Languages // tells it; nil if it is not looked at
}

// A Side is a text of its own, or one of the two of a pair. Its script and language are nil if they are not known.
type Side struct {
	Text     string
	Script   Script
	Language Language
}

// Reason says why a text or a pair is of no use: empty, too_short, too_long, length_ratio, wrong_script or wrong_language; "" if it is. One
// bad side is enough.
func (f Filter) Reason(sides ...Side) string {
	shortest, longest := 0, 0
	for i, s := range sides {
		n := utf8.RuneCountInString(s.Text)
		switch {
		case n == 0:
			return "empty"
		case n < f.MinCharacters:
			return "too_short"
		case f.MaxCharacters > 0 && n > f.MaxCharacters:
			return "too_long"
		case i == 0:
			shortest = n
		}
		shortest, longest = min(shortest, n), max(longest, n)
	}
	if f.MaxRatio > 0 && float64(longest) > f.MaxRatio*float64(shortest) {
		return "length_ratio"
	}
	for _, s := range sides {
		if f.MinScript > 0 && s.Script != nil && s.Script.Share(s.Text) < f.MinScript {
			return "wrong_script"
		}
	}
	for _, s := range sides {
		if f.Languages != nil && s.Language != nil && f.Languages.Other(s.Text, s.Language) >= f.MaxOther {
			return "wrong_language"
		}
	}
	return ""
}
