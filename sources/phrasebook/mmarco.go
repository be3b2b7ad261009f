package phrasebook

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

const (
	trainQuestions    = 300
	devQuestions      = 150
	negativesPerQuery = 4
)

// A question is one of the two that a passage answers.
type question struct {
	texts   texts
	passage int // id of the passage
}

// mmarco writes data/google/: collections/<language>_collection.tsv (id, passage), queries/{train,dev}/ (id, question),
// qrels.dev.small.tsv and qrels.train.tsv (question id, 0, passage id, 1) and triples.train.ids.small.tsv (question,
// positive, negative). Ids are the same in every language.
func mmarco() ([]file, error) {
	pages, err := readPages()
	if err != nil {
		return nil, err
	}
	order, questions := numberPassages(pages)
	train, dev := questions[:trainQuestions], questions[trainQuestions:][:devQuestions]
	var files []file
	add := func(name string, lines func(b *bytes.Buffer)) {
		var b bytes.Buffer
		lines(&b)
		files = append(files, file{"data/google/" + name, b.Bytes()})
	}
	for l, language := range languages {
		add("collections/"+language.name+"_collection.tsv", func(b *bytes.Buffer) {
			for id, o := range order {
				fmt.Fprintf(b, "%d\t%s\n", id, pages[o.page].passages[o.passage].text(l))
			}
		})
		add("queries/train/"+language.name+"_queries.train.tsv", func(b *bytes.Buffer) { writeQuestions(b, train, 0, l) })
		add("queries/dev/"+language.name+"_queries.dev.tsv", func(b *bytes.Buffer) { writeQuestions(b, dev, trainQuestions, l) })
	}
	add("qrels.train.tsv", func(b *bytes.Buffer) { writeJudgments(b, train, 0) })
	add("qrels.dev.small.tsv", func(b *bytes.Buffer) { writeJudgments(b, dev, trainQuestions) })
	add("triples.train.ids.small.tsv", func(b *bytes.Buffer) {
		for q := range train {
			for _, negative := range negatives(order, train[q].passage, q) {
				fmt.Fprintf(b, "%d\t%d\t%d\n", q, train[q].passage, negative)
			}
		}
	})
	return files, nil
}

// placeInPages names a passage by its indexes.
type placeInPages struct {
	page, passage int
	order         uint64
}

// numberPassages shuffles passages and questions; the index of each is its id.
func numberPassages(pages []page) ([]placeInPages, []question) {
	var order []placeInPages
	for i, p := range pages {
		for j := range p.passages {
			order = append(order, placeInPages{i, j, hash(p.kind, p.key, strconv.Itoa(j))})
		}
	}
	slices.SortFunc(order, func(a, b placeInPages) int { return cmp.Compare(a.order, b.order) })
	var questions []question
	for id, o := range order {
		for _, q := range pages[o.page].passages[o.passage].questions {
			questions = append(questions, question{q, id})
		}
	}
	slices.SortFunc(questions, func(a, b question) int { return cmp.Compare(hash(a.texts[english]), hash(b.texts[english])) })
	return order, questions
}

func writeQuestions(b *bytes.Buffer, questions []question, first, language int) {
	for i, q := range questions {
		fmt.Fprintf(b, "%d\t%s\n", first+i, q.texts[language])
	}
}

func writeJudgments(b *bytes.Buffer, questions []question, first int) {
	for i, q := range questions {
		fmt.Fprintf(b, "%d\t0\t%d\t1\n", first+i, q.passage)
	}
}

// negatives returns passages that do not answer question q: half of them about the same thing, the others about any.
func negatives(order []placeInPages, positive, q int) []int {
	var same, other []int
	for id, o := range order {
		switch {
		case id == positive:
		case o.page == order[positive].page:
			same = append(same, id)
		default:
			other = append(other, id)
		}
	}
	const half = negativesPerQuery / 2
	at := int(hash(strconv.Itoa(q)) % uint64(len(other)-half))
	return append(same[:half:half], other[at:][:negativesPerQuery-half]...)
}
