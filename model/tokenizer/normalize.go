package tokenizer

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normalizer rewrites text: fast, or with a trace of where each character came from.
type normalizer struct {
	rewrite rewriter
	trace   func(*traced)
	growth  growth
}

// growth is how many characters a normalizer may make of one.
type growth struct {
	times int    // 0 where they are few
	in    string // that normalizer, and what it puts in
}

// rewriter appends the rewritten text. Text is valid UTF-8 and shares no memory with dst.
type rewriter func(dst []byte, text string) []byte

// rewriteForm applies a Unicode normalization form. Package norm puts a joiner between every 30 marks in a row, which
// the Rust library does not: then it is done the slow way.
func rewriteForm(form norm.Form) rewriter {
	const joiner = "\u034f"
	return func(dst []byte, text string) []byte {
		first := len(dst)
		dst = form.AppendString(dst, text)
		if strings.Contains(view(dst[first:]), joiner) && !strings.Contains(text, joiner) {
			dst = dst[:first]
			for _, s := range formSteps(form, text) {
				dst = utf8.AppendRune(dst, s.r)
			}
		}
		return dst
	}
}

// byRune is the normalizer that rewrites character by character; to appends what stands for one.
func byRune(to func(dst []byte, r rune) []byte) normalizer {
	return normalizer{rewrite: rewriteRunes(to), trace: traceRunes(to)}
}

// rewriteRunes is the fast way of byRune.
func rewriteRunes(to func(dst []byte, r rune) []byte) rewriter {
	var ascii [utf8.RuneSelf][]byte
	for r := range ascii {
		ascii[r] = to(nil, rune(r))
	}
	return func(dst []byte, text string) []byte {
		for i, r := range text {
			if r < utf8.RuneSelf {
				dst = append(dst, ascii[text[i]]...)
			} else {
				dst = to(dst, r)
			}
		}
		return dst
	}
}

// rewriteString replaces every occurrence of old.
func rewriteString(old, by string) rewriter {
	return func(dst []byte, text string) []byte {
		for {
			at := strings.Index(text, old)
			if at < 0 {
				return append(dst, text...)
			}
			dst = append(append(dst, text[:at]...), by...)
			text = text[at+len(old):]
		}
	}
}

// rewritePattern replaces every match of pattern by a string that is taken as it is.
func rewritePattern(pattern *regexp.Regexp, by string) rewriter {
	return func(dst []byte, text string) []byte {
		from := 0
		for _, at := range pattern.FindAllStringIndex(text, -1) {
			dst = append(append(dst, text[from:at[0]]...), by...)
			from = at[1]
		}
		return append(dst, text[from:]...)
	}
}

// rewriteStrip drops white space at the ends.
func rewriteStrip(left, right bool) rewriter {
	return func(dst []byte, text string) []byte {
		if left {
			text = strings.TrimLeftFunc(text, unicode.IsSpace)
		}
		if right {
			text = strings.TrimRightFunc(text, unicode.IsSpace)
		}
		return append(dst, text...)
	}
}

// lower maps a character to lower case, without regard to its neighbours. U+0130 alone becomes two characters
// (Unicode, SpecialCasing.txt).
func lower(dst []byte, r rune) []byte {
	switch {
	case r == 'İ':
		return append(dst, "i̇"...)
	case r >= 0x1C89 && newest["Lu"].has(r):
		r = lowerNewest(r)
	}
	return utf8.AppendRune(dst, unicode.ToLower(r))
}

// nmt drops control characters and turns other separators into spaces, as SentencePiece's nmt rules do.
func nmt(dst []byte, r rune) []byte {
	switch {
	case r >= 1 && r <= 8, r == 0xB, r >= 0xE && r <= 0x1F, r == 0x7F, r == 0x8F, r == 0x9F:
		return dst
	case r == '\t', r == '\n', r == '\f', r == '\r', r == 0x1680, r >= 0x200B && r <= 0x200F, r == 0x2028, r == 0x2029,
		r == 0x2581, r == 0xFEFF, r == 0xFFFD:
		return append(dst, ' ')
	}
	return utf8.AppendRune(dst, r)
}
