package phrasebook

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed data
var data embed.FS

// languages are the phrasebook's languages, in the order of every row.
var languages = [6]struct{ code, name string }{
	{"en", "english"}, {"de", "german"}, {"es", "spanish"}, {"sw", "swahili"}, {"hi", "hindi"}, {"th", "thai"},
}

const english = 0

// texts says one thing in every language.
type texts [len(languages)]string

// A section is a header's words and the rows below it.
type section struct {
	words []string
	rows  []texts
	place string // file:line of the header, for messages
}

// readSections reads a data file. "[a b c]" opens a section. A row is one line of six texts separated by " | ", or six
// lines, each a language code and its text. Lines that begin with # are comments.
func readSections(file string) ([]section, error) {
	content, err := data.ReadFile("data/" + file)
	if err != nil {
		return nil, fmt.Errorf("opening phrasebook: %w", err)
	}
	var sections []section
	var row texts
	next := 0 // language that the next line of a six-line row is in
	for i, line := range strings.Split(string(content), "\n") {
		place := fmt.Sprintf("%s:%d", file, i+1)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' && strings.HasSuffix(line, "]") {
			sections = append(sections, section{words: strings.Fields(line[1 : len(line)-1]), place: place})
			continue
		}
		if len(sections) == 0 {
			return nil, fmt.Errorf("reading %s: a row before the first section", place)
		}
		last := &sections[len(sections)-1]
		if cells := strings.Split(line, " | "); len(cells) == len(row) {
			last.rows = append(last.rows, texts(cells))
			continue
		}
		code, text, _ := strings.Cut(line, " ")
		if code != languages[next].code {
			return nil, fmt.Errorf("reading %s: want a line in %s", place, languages[next].code)
		}
		row[next] = text
		if next = (next + 1) % len(row); next == 0 {
			last.rows = append(last.rows, row)
		}
	}
	if next != 0 {
		return nil, fmt.Errorf("reading %s: its last row has no line in %s", file, languages[next].code)
	}
	return sections, nil
}
