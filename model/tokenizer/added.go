package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// addedToken is an entry of added_tokens in tokenizer.json.
type addedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // only where no letter or digit is before or behind it
	LeftStrip  bool   `json:"lstrip"`      // takes the white space before it along
	RightStrip bool   `json:"rstrip"`      // and behind it
	Normalized bool   `json:"normalized"`  // is looked for in normalized text
	Special    bool   `json:"special"`
}

// addedTokens finds added tokens in a text: the leftmost, and of those the longest.
type addedTokens struct {
	trie   *trie
	starts [256]bool // first bytes
	tokens []addedToken
}

// newAddedTokens takes the content to look for from contents, which differs from the tokens' own after normalizing.
func newAddedTokens(tokens []addedToken, contents []string) *addedTokens {
	a := &addedTokens{tokens: tokens}
	keys := make([]key, len(contents))
	for i, content := range contents {
		keys[i] = key{content, int32(i)}
		if content != "" {
			a.starts[content[0]] = true
		}
	}
	a.trie = newTrie(keys)
	return a
}

// match is an added token with what it takes along, or the end of the text.
type match struct {
	from  int   // end of the match before
	start int   // start of the white space taken along, or else of the token
	id    int32 // -1 at the end of the text
}

// matches iterates over the added tokens in text.
type matches struct {
	*addedTokens
	text string
	at   int // where to look for the next token
	from int // end of the last match, white space behind it included
}

func (a *addedTokens) matches(text string) matches { return matches{addedTokens: a, text: text} }

// next returns the next added token; at the end of the text its id is -1.
func (m *matches) next() match {
	for ; len(m.tokens) > 0 && m.at < len(m.text); m.at++ {
		if !m.starts[m.text[m.at]] {
			continue
		}
		i, length := m.trie.longest(0, bytesOf(m.text[m.at:]))
		if i < 0 {
			continue
		}
		token, before, behind := &m.tokens[i], m.text[:m.at], m.text[m.at+length:]
		if token.SingleWord && (endsWithWord(before) || startsWithWord(behind)) {
			m.at += length - 1
			continue
		}
		found := match{from: m.from, start: m.at, id: token.ID}
		if token.LeftStrip {
			found.start = max(m.from, len(strings.TrimRightFunc(before, unicode.IsSpace)))
		}
		m.at += length
		m.from = m.at
		if token.RightStrip {
			m.from = len(m.text) - len(strings.TrimLeftFunc(behind, unicode.IsSpace))
		}
		return found
	}
	return match{from: m.from, start: len(m.text), id: -1}
}

func endsWithWord(text string) bool {
	r, n := utf8.DecodeLastRuneInString(text)
	return n > 0 && isWord(r)
}

func startsWithWord(text string) bool {
	r, n := utf8.DecodeRuneInString(text)
	return n > 0 && isWord(r)
}

// isWord tells whether r matches \w as Unicode defines it for regular expressions (UTS 18, annex C).
func isWord(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control) ||
		newestLetters.has(r) || newest["M"].has(r) || newest["N"].has(r)
}
