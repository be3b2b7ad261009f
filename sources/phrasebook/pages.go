package phrasebook

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A page is about one thing.
type page struct {
	kind, key string
	title     texts
	link      string // pages with the same link name each other
	passages  []passage
}

// A passage is two sentences of a page and the question that each answers.
type passage struct {
	sentences, questions [2]texts
}

func (p *passage) text(language int) string {
	return p.sentences[0][language] + " " + p.sentences[1][language]
}

// A kind is the templates that pages of one kind share: sentence, question, sentence, question a passage.
type kind struct {
	own       []string // facts given by the thing's own rows
	link      string   // fact that links pages
	templates []template
}

// readPages fills the templates of pages.txt with the facts of things.txt.
func readPages() ([]page, error) {
	kinds, err := readKinds()
	if err != nil {
		return nil, err
	}
	facts, err := readFacts()
	if err != nil {
		return nil, err
	}
	things, err := readSections("things.txt")
	if err != nil {
		return nil, err
	}
	var pages []page
	for _, thing := range things {
		k, ok := kinds[thing.words[0]]
		if !ok || len(thing.words) < 2 || len(thing.rows) != 1+len(k.own) {
			return nil, fmt.Errorf("reading %s: want [kind key fact=value ...], a name and the facts %q", thing.place, k.own)
		}
		values := map[string]texts{"name": thing.rows[0]}
		for i, fact := range k.own {
			values[fact] = thing.rows[1+i]
		}
		p := page{kind: thing.words[0], key: thing.words[1]}
		for _, word := range thing.words[2:] {
			fact, value, _ := strings.Cut(word, "=")
			if values[fact], err = factText(facts, fact, value); err != nil {
				return nil, fmt.Errorf("reading %s: %w", thing.place, err)
			}
			if fact == k.link {
				p.link = word
			}
		}
		if err := p.fill(k, values); err != nil {
			return nil, fmt.Errorf("reading %s: %w", thing.place, err)
		}
		pages = append(pages, p)
	}
	return pages, nil
}

func readKinds() (map[string]kind, error) {
	sections, err := readSections("pages.txt")
	if err != nil {
		return nil, err
	}
	kinds := map[string]kind{}
	for _, s := range sections {
		if len(s.words) != 3 || len(s.rows)%4 != 0 {
			return nil, fmt.Errorf("reading %s: want [kind own=... link=...] and four rows a passage", s.place)
		}
		k := kind{own: strings.Split(strings.TrimPrefix(s.words[1], "own="), ","), link: strings.TrimPrefix(s.words[2], "link=")}
		for _, row := range s.rows {
			t, err := parseTemplate(row)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.place, err)
			}
			k.templates = append(k.templates, t)
		}
		kinds[s.words[0]] = k
	}
	return kinds, nil
}

// readFacts returns the texts of facts.txt under "fact=key".
func readFacts() (map[string]texts, error) {
	sections, err := readSections("facts.txt")
	if err != nil {
		return nil, err
	}
	facts := map[string]texts{}
	for _, s := range sections {
		for _, row := range s.rows {
			key, text, _ := strings.Cut(row[english], ": ")
			row[english] = text
			facts[s.words[0]+"="+key] = row
		}
	}
	return facts, nil
}

// factText returns the texts of a fact's value; a number reads the same in every language.
func factText(facts map[string]texts, fact, value string) (texts, error) {
	if text, ok := facts[fact+"="+value]; ok {
		return text, nil
	}
	if _, err := strconv.Atoi(value); err != nil {
		return texts{}, fmt.Errorf("facts.txt has no %s %q", fact, value)
	}
	return texts(slices.Repeat([]string{value}, len(languages))), nil
}

// fill makes the title and the passages.
func (p *page) fill(k kind, values map[string]texts) error {
	rows := make([]texts, len(k.templates))
	for i, t := range k.templates {
		for l, parts := range t.parts {
			for _, part := range parts {
				value, ok := values[part.slot]
				if part.slot != "" && !ok {
					return fmt.Errorf("no fact %q", part.slot)
				}
				rows[i][l] += part.text + value[l]
			}
			rows[i][l] = capitalize(rows[i][l])
		}
	}
	for l, name := range values["name"] {
		p.title[l] = capitalize(name)
	}
	for r := range slices.Chunk(rows, 4) {
		p.passages = append(p.passages, passage{sentences: [2]texts{r[0], r[2]}, questions: [2]texts{r[1], r[3]}})
	}
	return nil
}
