package phrasebook

import "iter"

//go:generate go run ./maketokenizer data/tokenizer.json

// Tokenizer returns a small tokenizer.json (Unigram, in the manner of XLM-R) for the phrasebook's six languages.
func Tokenizer() []byte {
	content, _ := data.ReadFile("data/tokenizer.json") // embedded: cannot fail
	return content
}

// Text returns everything in the phrasebook that may be trained on, in all languages: the bitext, MTOP's training
// utterances, mMARCO's passages and training questions. Tokenizer was learned from it.
func Text() (iter.Seq[string], error) {
	s, err := readSpeech()
	if err != nil {
		return nil, err
	}
	pages, err := readPages()
	if err != nil {
		return nil, err
	}
	order, questions := numberPassages(pages)
	return func(yield func(string) bool) {
		for l := range languages {
			for i := range s.train {
				if !yield(s.train[i].text(l)) {
					return
				}
			}
			for _, o := range order {
				if !yield(pages[o.page].passages[o.passage].text(l)) {
					return
				}
			}
			for _, q := range questions[:trainQuestions] {
				if !yield(q.texts[l]) {
					return
				}
			}
			if l == english {
				continue
			}
			for _, p := range pairsOf(s, l) {
				if !yield(p.texts[0]) || !yield(p.texts[1]) {
					return
				}
			}
		}
	}, nil
}
