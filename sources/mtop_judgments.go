package sources

import (
	"bytes"

	"github.com/ferry-clir/ferry/schemas"
)

// An intentIndex holds the documents of one language by skeleton and by intent, as positions in ids.
type intentIndex struct {
	language   string
	ids        [][]byte
	skeletons  []string
	bySkeleton map[string][]int32
	byIntent   map[string][]int32
}

func (m *MTOP) readJudgments(r reading) error {
	r = r.silent()
	var indexes []*intentIndex
	for _, language := range m.Documents {
		index, err := m.index(r, language)
		if err != nil {
			return err
		}
		indexes = append(indexes, index)
	}
	rows := r.rows(schemas.Judgments())
	defer rows.release()
	for _, language := range m.Queries {
		err := m.each(r, language, func(u utterance) error {
			for _, index := range indexes {
				if err := m.judge(rows, language, u, index); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return rows.flush()
}

func (m *MTOP) index(r reading, language string) (*intentIndex, error) {
	x := &intentIndex{language: language, bySkeleton: map[string][]int32{}, byIntent: map[string][]int32{}}
	err := m.each(r, language, func(u utterance) error {
		n, bones := int32(len(x.ids)), skeleton(u.form)
		x.ids = append(x.ids, bytes.Clone(u.id))
		x.skeletons = append(x.skeletons, bones)
		x.bySkeleton[bones] = append(x.bySkeleton[bones], n)
		x.byIntent[string(u.intent)] = append(x.byIntent[string(u.intent)], n)
		return nil
	})
	return x, err
}

// judge puts the grades of a query's documents, each document once.
func (m *MTOP) judge(rows *rows, language string, query utterance, x *intentIndex) error {
	put := func(document int32, grade int32) error {
		id := x.ids[document]
		if grade == 0 || m.ExcludeTranslation && bytes.Equal(id, query.id) {
			return nil
		}
		return rows.judgment(query.id, id, grade, language, x.language)
	}
	bones := skeleton(query.form)
	for _, document := range x.bySkeleton[bones] {
		if err := put(document, m.SkeletonGrade); err != nil {
			return err
		}
	}
	for _, document := range x.byIntent[string(query.intent)] {
		if x.skeletons[document] == bones {
			continue
		}
		if err := put(document, m.IntentGrade); err != nil {
			return err
		}
	}
	return nil
}
