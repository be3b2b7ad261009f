package sources

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
)

// ReadRun calls row for every line of a run in trec_eval's format, in order; what it is given is valid during the call
// only. The first line that cannot be read is an error which names it.
func ReadRun(ctx context.Context, path string, workers int, row func(query, document []byte, score float64) error) error {
	for _, l := range scanFiles(strictly(ctx, workers), []string{path}, parseHit) {
		return l.each(func() (*bad, error) { return nil, row(l.value.query, l.value.document, l.value.score) })
	}
	return nil
}

// FindTwice returns an error that names the line at which a run has a document for a query a second time; nil if it never does.
func FindTwice(ctx context.Context, path string, workers int, query, document string) error {
	for _, l := range scanFiles(strictly(ctx, workers), []string{path}, parseHit) {
		there := false
		return l.each(func() (*bad, error) {
			if string(l.value.query) != query || string(l.value.document) != document {
				return nil, nil
			}
			if there {
				return nil, twice(l, l.value.query, l.value.document)
			}
			there = true
			return nil, nil
		})
	}
	return nil
}

// ReadJudgments is ReadRun for judgments, which may be BEIR's, below its header. A document that is judged twice for a query is an
// error, and so is a run.
func ReadJudgments(ctx context.Context, path string, workers int, row func(query, document []byte, grade int32) error) error {
	parse := parseJudgment
	for _, l := range scanFiles(strictly(ctx, 1), []string{path}, parseJudgment) {
		if l.scan() && string(l.text) == beirHeader {
			parse = parseHeaded
		}
	}
	for _, l := range scanFiles(strictly(ctx, workers), []string{path}, parse) {
		pairs := newSeen()
		return l.each(func() (*bad, error) {
			j := l.value
			if l.number == 1 && len(bytes.Fields(l.text)) >= 6 {
				return nil, fmt.Errorf("reading %s: line 1 has six columns, as a run has; judgments have four (query id, 0, document id, grade): were two files exchanged?", l.path)
			}
			if !pairs.addBoth(j.query, j.document) {
				return nil, twice(l, j.query, j.document)
			}
			return nil, row(j.query, j.document, j.grade)
		})
	}
	return nil
}

// ReadTexts is ReadRun for texts: a line is an id, a tab, and a text, which may hold tabs.
func ReadTexts(ctx context.Context, path string, workers int, row func(id, text []byte) error) error {
	for _, l := range scanFiles(strictly(ctx, workers), []string{path}, parseTextLine) {
		return l.each(func() (*bad, error) { return nil, row(l.value[0], l.value[1]) })
	}
	return nil
}

// parseTextLine takes a line of an id and a text apart.
func parseTextLine(line []byte, s *splitter) (row [2][]byte, b *bad) {
	f, b := s.tabs(line, 2, "id, text, with a tab between them")
	if b != nil {
		return row, b
	}
	return [2][]byte(f), nil
}

// strictly reads files of which no line may be rejected.
func strictly(ctx context.Context, workers int) reading {
	return newReading(ctx, schemas.Output{
		Workers: workers,
		Drop:    func(string, int64) {},
		Reject: func(r schemas.Rejected) error {
			return fmt.Errorf("%s:%d: %s", r.Path, r.Line, strings.TrimSuffix(r.Reason+": "+r.Detail, ": "))
		},
	}, defaultMaxLine)
}
