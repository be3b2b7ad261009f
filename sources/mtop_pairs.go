package sources

import (
	"bytes"
	"fmt"

	"github.com/ferry-clir/ferry/schemas"
)

// pairMistakes checks the languages of pairs.
func (m *MTOP) pairMistakes() []schemas.Mistake {
	if len(m.Pairs) == 1 {
		return []schemas.Mistake{{Key: "pairs", Problem: fmt.Sprintf("name the language of the source, then those of its translations; there is %s alone", m.Pairs[0])}}
	}
	return codeMistakes("pairs", m.Pairs)
}

// readPairs puts every utterance beside those of the other languages that have its id, language after language.
func (m *MTOP) readPairs(r reading) error {
	source, err := m.textsByID(r, m.Pairs[0])
	if err != nil {
		return err
	}
	rows := r.rows(schemas.Pairs())
	defer rows.release()
	for _, language := range m.Pairs[1:] {
		err := m.each(r, language, func(u utterance) error {
			text, ok := source[string(u.id)]
			if !ok {
				r.out.Drop("no_translation", 1)
				return nil
			}
			rows.texts(u.id)
			rows.names(m.Pairs[0], language)
			rows.texts(text, u.text)
			rows.names("mtop")
			return rows.end()
		})
		if err != nil {
			return err
		}
	}
	return rows.flush()
}

// textsByID are the utterances of a language.
func (m *MTOP) textsByID(r reading, language string) (map[string][]byte, error) {
	texts := map[string][]byte{}
	err := m.each(r, language, func(u utterance) error {
		texts[string(u.id)] = bytes.Clone(u.text)
		return nil
	})
	return texts, err
}
