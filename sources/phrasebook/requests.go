package phrasebook

import (
	"fmt"
	"slices"
)

// How many combinations of an intent go where; what is left is for the bitext.
const (
	perIntent      = 120 // at most, all together
	perIntentEval  = 10
	perIntentTest  = 6
	perIntentTrain = 17
	perSentence    = 30
)

// speech is everything said by templates, split so that no sentence stands in two places in any language.
type speech struct {
	eval, test, train []combination
	requests          [][]combination // the rest, by intent
	sentences         [][]combination // by template
}

// readSpeech fills the templates of requests.txt and sentences.txt.
func readSpeech() (*speech, error) {
	lexicons, err := readLexicons()
	if err != nil {
		return nil, err
	}
	requests, err := readTemplates("requests.txt", lexicons)
	if err != nil {
		return nil, err
	}
	sentences, err := readTemplates("sentences.txt", lexicons)
	if err != nil {
		return nil, err
	}
	var s speech
	seen := map[string]bool{}
	for _, r := range requests {
		all := combinations(r.words[0], r.words[1], r.templates, lexicons, perIntent, seen)
		take := func(most, share int) []combination {
			n := min(most, share)
			taken := all[:n]
			all = all[n:]
			return taken
		}
		n := len(all)
		s.eval = append(s.eval, take(perIntentEval, n/4)...)
		s.test = append(s.test, take(perIntentTest, n/6)...)
		s.train = append(s.train, take(perIntentTrain, n/3)...)
		s.requests = append(s.requests, all)
	}
	for _, group := range sentences {
		for i := range group.templates {
			name := fmt.Sprint(group.words[0], i)
			s.sentences = append(s.sentences, combinations(name, "", group.templates[i:i+1], lexicons, perSentence, seen))
		}
	}
	for _, split := range [][]combination{s.eval, s.test, s.train} {
		slices.SortFunc(split, byOrder)
	}
	return &s, nil
}

type templateSection struct {
	words     []string
	templates []template
}

func readTemplates(file string, lexicons map[string]lexicon) ([]templateSection, error) {
	sections, err := readSections(file)
	if err != nil {
		return nil, err
	}
	var all []templateSection
	for _, s := range sections {
		group := templateSection{words: s.words}
		for _, row := range s.rows {
			t, err := parseTemplate(row)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.place, err)
			}
			for _, slot := range t.slots {
				if _, ok := lexicons[slot]; !ok {
					return nil, fmt.Errorf("%s: reading %q: no lexicon %q", s.place, row[english], slot)
				}
			}
			group.templates = append(group.templates, t)
		}
		all = append(all, group)
	}
	return all, nil
}
