package phrasebook

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// mtop writes <language>/{train,eval,test}.txt. Columns: id, intent, slots as start:end:SL:NAME in code points,
// utterance, domain, locale, decoupled form, tokens as JSON.
func mtop() ([]file, error) {
	s, err := readSpeech()
	if err != nil {
		return nil, err
	}
	var files []file
	for l := range languages {
		for _, split := range []struct {
			name string
			rows []combination
		}{{"train", s.train}, {"eval", s.eval}, {"test", s.test}} {
			var b bytes.Buffer
			for i := range split.rows {
				writeUtterance(&b, &split.rows[i], l)
			}
			files = append(files, file{languages[l].code + "/" + split.name + ".txt", b.Bytes()})
		}
	}
	return files, nil
}

// tokens is column 8; starts and lengths are in code points.
type tokens struct {
	Tokens []string    `json:"tokens"`
	Spans  []tokenSpan `json:"tokenSpans"`
}

type tokenSpan struct {
	Start  int `json:"start"`
	Length int `json:"length"`
}

// writeUtterance writes one row. Tokens are split at spaces and at the borders of slots; Thai, which has no spaces
// between words, so has a token for each phrase.
func writeUtterance(b *bytes.Buffer, c *combination, language int) {
	type span struct {
		start int
		text  string
	}
	var spans []span
	words := make([][]string, len(c.slots)) // tokens of each slot
	var t tokens
	position := 0
	for _, p := range c.render(language) {
		if p.slot >= 0 {
			end := position + utf8.RuneCountInString(p.text)
			spans = append(spans, span{position, fmt.Sprintf("%d:%d:%s", position, end, c.slots[p.slot].label)})
			words[p.slot] = strings.Fields(p.text)
		}
		for i, word := range strings.Split(p.text, " ") {
			if i > 0 {
				position++
			}
			length := utf8.RuneCountInString(word)
			if length > 0 {
				t.Tokens = append(t.Tokens, word)
				t.Spans = append(t.Spans, tokenSpan{position, length})
			}
			position += length
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	columns := make([]string, len(spans))
	for i, s := range spans {
		columns[i] = s.text
	}
	form := "[" + c.intent + " "
	for i, f := range c.slots {
		form += "[" + f.label + " " + strings.Join(words[i], " ") + " ] "
	}
	encoded, _ := json.Marshal(t) // strings and numbers only: cannot fail
	locale := languages[language].code + "_XX"
	fmt.Fprintf(b, "%s\t%s\t%s\t%s\t%s\t%s\t%s]\t%s\n",
		c.id, c.intent, strings.Join(columns, ","), c.text(language), c.domain, locale, form, encoded)
}
