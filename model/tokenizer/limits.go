package tokenizer

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// What a tokenizer.json may hold, so that one from strangers takes a small multiple of its size in memory and no more. Those that
// are published stay far below: XLM-V has 0.9 million pieces in 10 MB of text, Gemma 0.5 million merges and 6,400 added tokens.
const (
	maxPieces = 2 << 20
	maxMerges = 2 << 20
	maxText   = 16 << 20 // bytes of all pieces together, and of all added tokens as they are looked for
	maxRest   = 16 << 20 // bytes of all but the pieces and merges
	maxValues = 1 << 20  // values there
	maxParts  = 32       // normalizers, and pre-tokenizers
	maxGrowth = 512      // characters that normalizers make of one, all together; XLM-R's make 18
	maxToken  = 4 << 10  // bytes of an added token, of an expression, and of what replaces a match
)

// checkRest looks at a file without its pieces and merges before anything is decoded.
func checkRest(rest []byte) error {
	if len(rest) > maxRest {
		return fmt.Errorf("but for pieces and merges it has %d bytes, more than any such file, for which %d are the limit", len(rest), maxRest)
	}
	if values := bytes.Count(rest, []byte(",")) + 1; values > maxValues {
		return fmt.Errorf("but for pieces and merges it has %d values, more than any such file, for which %d are the limit", values, maxValues)
	}
	return nil
}

// putsIn is the growth by a text that is put in for so many characters.
func putsIn(kind, text string, per int) growth {
	return growth{(utf8.RuneCountInString(text) + per - 1) / per, fmt.Sprintf("%s of %.20q", kind, text)}
}

// checkGrowth looks at normalizers in their order: each may be at work on what those before it put in. Else a text of a line could
// take all memory while it is encoded.
func checkGrowth(all []normalizer) error {
	product := 1
	for _, n := range all {
		if product *= max(1, n.growth.times); product > maxGrowth {
			return fmt.Errorf("%s may make %d characters of one, with what comes before it, and %d are the limit", n.growth.in, product, maxGrowth)
		}
	}
	return nil
}

// checkToken looks at an added token, an expression or a replacement.
func checkToken(what, text string) error {
	if len(text) > maxToken {
		return fmt.Errorf("%s of %d bytes, %.20q..., is longer than any, for which %d are the limit", what, len(text), text, maxToken)
	}
	return nil
}
