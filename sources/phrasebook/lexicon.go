package phrasebook

import (
	"fmt"
	"strings"
)

// A lexicon is what can fill a slot.
type lexicon struct {
	label   string // the slot's published name, such as SL:DATE_TIME
	entries []texts
}

// readLexicons reads lexicons.txt; the key is the slot's name in templates.
func readLexicons() (map[string]lexicon, error) {
	sections, err := readSections("lexicons.txt")
	if err != nil {
		return nil, err
	}
	lexicons := map[string]lexicon{}
	for _, s := range sections {
		switch {
		case len(s.words) == 2:
			lexicons[s.words[0]] = lexicon{label: "SL:" + s.words[1], entries: s.rows}
		case len(s.words) == 4 && s.words[2] == "=":
			l := lexicons[s.words[3]]
			l.label = "SL:" + s.words[1]
			lexicons[s.words[0]] = l
		default:
			return nil, fmt.Errorf("reading %s: want [name LABEL] or [name LABEL = other]", s.place)
		}
		if len(lexicons[s.words[0]].entries) == 0 {
			return nil, fmt.Errorf("reading %s: no entries", s.place)
		}
	}
	return lexicons, nil
}

// form returns the n-th form (from 0) of an entry, the first where it has fewer.
func form(entry string, n int) string {
	forms := strings.Split(entry, "/")
	if n >= len(forms) {
		n = 0
	}
	return forms[n]
}
