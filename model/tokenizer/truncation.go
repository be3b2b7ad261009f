package tokenizer

import "fmt"

// Strategy says which of two texts is cut where they are too long together.
type Strategy int

const (
	LongestFirst Strategy = iota // the longer one until both are as long, and then both
	OnlyFirst
	OnlySecond
)

// Truncation says what is cut off. The zero value cuts nothing. Overflowing parts are not kept: passages that overlap are
// cut before, from text.
type Truncation struct {
	MaxTokens int // special tokens included; 0 for as many as there are
	Strategy  Strategy
	Left      bool // cuts tokens at the start, and not at the end
}

// cut shortens the tokens of so many texts, to which a template adds special ones.
func (l Truncation) cut(e *Encoding, tokens *[2][]token, special, texts int) error {
	e.Cut = [2]int{}
	most := max(0, l.MaxTokens-special)
	excess := len(tokens[0]) + len(tokens[1]) - most
	if l.MaxTokens == 0 || excess <= 0 {
		return nil
	}
	keep := [2]int{len(tokens[0]), len(tokens[1])}
	switch {
	case most == 0:
		keep = [2]int{}
	case texts == 1 && l.Strategy != OnlySecond:
		keep[0] = most
	case l.Strategy == LongestFirst:
		keep[0], keep[1] = longestFirst(keep[0], keep[1], most)
	default:
		text := int(l.Strategy - OnlyFirst)
		if keep[text] -= excess; text >= texts || keep[text] <= 0 {
			return fmt.Errorf("truncating to %d tokens: %s has %d, too few to cut %d of them off", l.MaxTokens,
				[]string{"the first text", "the second text"}[text], len(tokens[text]), excess)
		}
	}
	for i := range tokens {
		e.Cut[i] = len(tokens[i]) - keep[i]
		if l.Left {
			tokens[i] = tokens[i][e.Cut[i]:]
		} else {
			tokens[i] = tokens[i][:keep[i]]
		}
	}
	return nil
}

// longestFirst returns how many of a and b stay where most may: the shorter one whole, if it takes no more than half, with
// what is left for the other; else half each, the odd one for the longer.
func longestFirst(a, b, most int) (int, int) {
	if a > b {
		b, a = longestFirst(b, a, most)
		return a, b
	}
	if a > most/2 {
		return most / 2, most/2 + most%2
	}
	return a, most - a
}
