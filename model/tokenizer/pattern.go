package tokenizer

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// pattern returns the first match of an expression in text[from:], or start -1. A match is never empty.
type pattern func(text []byte, from int) (start, end int)

// all returns all matches in text.
func (p pattern) all(text []byte) [][]int {
	var found [][]int
	for at := 0; ; {
		start, end := p(text, at)
		if start < 0 {
			return found
		}
		found, at = append(found, []int{start, end}), end
	}
}

// parsePattern takes {"String": text} or {"Regex": expression}.
func parsePattern(p map[string]string) (pattern, error) {
	if text := p["String"]; text != "" {
		return literal([]byte(text)), nil
	}
	expression := p["Regex"]
	switch expression {
	case "":
		return nil, errors.New("there is no pattern")
	case gpt2Expression:
		return whole(gpt2Word), nil
	case gpt4Expression:
		return whole(func(text []byte, at int) int { return gpt4Word(text, at, 3) }), nil
	case qwenExpression:
		return whole(func(text []byte, at int) int { return gpt4Word(text, at, 1) }), nil
	}
	return compile(expression)
}

// literal finds text as it is.
func literal(text []byte) pattern {
	return func(in []byte, from int) (int, int) {
		at := bytes.Index(in[from:], text)
		if at < 0 {
			return -1, -1
		}
		return from + at, from + at + len(text)
	}
}

// characters finds single characters.
func characters(is func(rune) bool) pattern {
	return func(text []byte, from int) (int, int) {
		for from < len(text) {
			r, n := utf8.DecodeRune(text[from:])
			if is(r) {
				return from, from + n
			}
			from += n
		}
		return -1, -1
	}
}

// whole finds words where every character belongs to one; word returns the end of that which begins at a place.
func whole(word func(text []byte, at int) int) pattern {
	return func(text []byte, from int) (int, int) {
		if from == len(text) {
			return -1, -1
		}
		return from, word(text, from)
	}
}

// lookahead ends the expressions that GPT's tokenizers cut words with: white space, but for its last character where a
// word follows. Package regexp cannot look ahead, so the last alternative is caught as a group and then made shorter.
const lookahead = `|\s+(?!\S)|\s+`

// compile compiles an expression to cut text with.
func compile(expression string) (pattern, error) {
	head, ends := strings.CutSuffix(expression, lookahead)
	if ends {
		head = `(?:` + head + `)|(\s+)`
	}
	compiled, err := compileExpression(head)
	if err != nil {
		return nil, err
	}
	if compiled.MatchString("") {
		return nil, fmt.Errorf("the pattern %s matches the empty text", expression)
	}
	if strings.HasPrefix(expression, "^") || strings.Contains(expression, `\A`) {
		return nil, fmt.Errorf("the pattern %s matches at the start of the text or a line, which is not supported", expression)
	}
	spaces := 2 * compiled.NumSubexp() // place of the last group's start
	return func(text []byte, from int) (int, int) {
		at := compiled.FindSubmatchIndex(text[from:])
		if at == nil {
			return -1, -1
		}
		start, end := from+at[0], from+at[1]
		if ends && at[spaces] >= 0 {
			end = beforeWord(text, start, end)
		}
		return start, end
	}, nil
}

// compileExpression turns an expression of Oniguruma, which the Rust library uses, into one of package regexp. It refuses
// what means something else there.
func compileExpression(expression string) (*regexp.Regexp, error) {
	if err := checkToken("an expression", expression); err != nil {
		return nil, err
	}
	translated, err := translate(expression)
	if err != nil {
		return nil, fmt.Errorf("compiling the pattern %s: %w", expression, err)
	}
	compiled, err := regexp.Compile(translated)
	if err != nil {
		return nil, fmt.Errorf("compiling the pattern %s: %w; Go's package regexp has to know it", expression, err)
	}
	return compiled, nil
}

// classes are what Oniguruma's escapes stand for, without the brackets around: white space, digits and word characters
// beyond ASCII too, and categories as of Unicode 16.
var classes = func() map[string]string {
	classes := map[string]string{
		`\s`: `\t-\r\x{85}\p{Z}`,
		`\d`: `\p{Nd}` + newest["N"].class(),
		`\w`: `\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{B2}\x{B3}\x{B9}\x{BC}-\x{BE}` + // and letters in circles and squares
			`\x{24B6}-\x{24E9}\x{1F130}-\x{1F149}\x{1F150}-\x{1F169}\x{1F170}-\x{1F189}` +
			newestLetters.class() + newest["M"].class() + newest["N"].class(),
		`\p{L}`: `\p{L}` + newestLetters.class(),
	}
	for category, characters := range newest {
		classes[`\p{`+category+`}`] = `\p{` + category + `}` + characters.class()
	}
	return classes
}()

// translate writes classes out. Anything else than plain escapes is an error.
func translate(expression string) (string, error) {
	var b strings.Builder
	inside := false
	for rest := expression; rest != ""; {
		n := escapeLength(rest)
		token := rest[:n]
		rest = rest[n:]
		class, negated := classes[token], false
		if class == "" && n > 1 {
			class = classes[strings.ToLower(token[:2])+token[2:]]
			negated = class != ""
		}
		switch {
		case class != "" && negated && inside:
			return "", fmt.Errorf("%s inside of brackets is not supported", token)
		case class != "" && inside:
			b.WriteString(class)
		case class != "" && negated:
			b.WriteString("[^" + class + "]")
		case class != "":
			b.WriteString("[" + class + "]")
		case n > 1 && !plainEscape(token):
			return "", fmt.Errorf("%s is not supported", token)
		case inside && (token == "[" || token == "&" && strings.HasPrefix(rest, "&")):
			return "", fmt.Errorf("%s inside of brackets is not supported", token)
		case !inside && (token == "^" || token == "$"):
			b.WriteString("(?m:" + token + ")") // always of a line
		default:
			inside = token == "[" || inside && token != "]"
			b.WriteString(token)
		}
	}
	return b.String(), nil
}

// escapeLength returns the length of the escape, or else of the byte, that expression starts with.
func escapeLength(expression string) int {
	if expression[0] != '\\' || len(expression) == 1 {
		return 1
	}
	if close := strings.IndexByte(expression, '}'); close > 0 && len(expression) > 2 && expression[2] == '{' {
		return close + 1
	}
	_, n := utf8.DecodeRuneInString(expression[1:])
	return 1 + n
}

// plainEscape tells whether an escape means the same in both.
func plainEscape(escape string) bool {
	c := escape[1]
	return c < '0' || c > '9' && c < 'A' || c > 'Z' && c < 'a' || c > 'z' && c < utf8.RuneSelf ||
		strings.IndexByte(`pPtnrfvaAz`, c) >= 0 || c == 'x' && len(escape) > 3
}
