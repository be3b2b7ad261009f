package sources

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/ferry-clir/ferry/schemas"
)

// BEIR reads a collection in the layout of the BEIR benchmark (Thakur et al., 2021).
//
// The layout is `corpus.jsonl` with _id, title and text, `queries.jsonl` with _id and text, and `qrels/<split>.tsv` with
// query id, document id and grade, tab-separated below a header. Files may be compressed (.gz, .zst or .zip after the
// name).
//
// As BEIR's own code does, ferry reads the queries that the split judges only, and never returns a document that has
// the query's id; both can be switched off. Remembering ids costs a bit each where they are numbers, else about 30 bytes.
type BEIR struct {
	// Path is the folder that holds corpus.jsonl.
	Path schemas.Path `yaml:"path" ferry:"required"`
	// Split names the judgments: train, dev or test.
	Split string `yaml:"split"`
	// Language is that of the documents and queries.
	Language string `yaml:"language"`
	// JudgedOnly leaves out the queries that no judgment of the split names.
	JudgedOnly bool `yaml:"judged_only"`
	// ExcludeIdentical keeps the document with the query's id out of the candidates.
	ExcludeIdentical bool `yaml:"exclude_identical"`
	// MaxLine is the longest line in bytes; longer ones go to quarantine.
	MaxLine int `yaml:"max_line"`
}

// NewBEIR returns the defaults: the test split, in English.
func NewBEIR() *BEIR {
	return &BEIR{Split: "test", Language: "en", JudgedOnly: true, ExcludeIdentical: true, MaxLine: defaultMaxLine}
}

// Validate returns what cannot work.
func (b *BEIR) Validate() []schemas.Mistake {
	found := append(codeMistakes("language", []string{b.Language}), lineMistakes(b.MaxLine)...)
	if b.Path == "" {
		found = append(found, schemas.Mistake{Key: "path", Problem: "names the folder of the collection; it is missing"})
	}
	if b.Split == "" {
		found = append(found, schemas.Mistake{Key: "split", Problem: "should be train, dev or test"})
	}
	return found
}

// Tables are documents, queries and judgments.
func (b *BEIR) Tables() []schemas.TableType {
	language := []string{b.Language}
	return retrievalTables(language, language)
}

// Files are the corpus, the queries and the judgments of the split.
func (b *BEIR) Files() ([]string, error) {
	return locateAll([]string{b.file("corpus.jsonl"), b.file("queries.jsonl"), b.judgments()})
}

func (b *BEIR) file(name string) string { return filepath.Join(string(b.Path), name) }

func (b *BEIR) judgments() string { return filepath.Join(string(b.Path), "qrels", b.Split+".tsv") }

// Read streams the rows in file order.
func (b *BEIR) Read(ctx context.Context, table string, out schemas.Output) error {
	r := newReading(ctx, out, b.MaxLine)
	switch table {
	case "documents":
		return b.readObjects(r, table, "corpus.jsonl", nil)
	case "queries":
		change, err := b.change(r)
		if err != nil {
			return err
		}
		return b.readObjects(r, table, "queries.jsonl", change)
	case "judgments":
		rows := r.rows(schemas.Judgments())
		defer rows.release()
		err := b.eachJudgment(r, func(query, document []byte, grade int32) error {
			return rows.judgment(query, document, grade, "", "")
		})
		if err != nil {
			return err
		}
		return rows.flush()
	}
	return noTable("beir", table)
}

func (b *BEIR) readObjects(r reading, table, name string, change func([]cell) string) error {
	file, err := locate(b.file(name))
	if err != nil {
		return err
	}
	m := newMapping(table, b.Language, map[string]string{schemas.ID: "_id"}, nil, 0)
	return readObjects(r, m, []string{file}, change)
}

// change returns what is done to each query: left out if it is not judged, and given its exclusions.
func (b *BEIR) change(r reading) (func([]cell) string, error) {
	judged := newSeen()
	if b.JudgedOnly {
		err := b.eachJudgment(r.silent(), func(query, _ []byte, _ int32) error {
			judged.add(query)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	columns := newMapping("queries", b.Language, nil, nil, 0).layout()
	at := func(name string) int {
		return slices.IndexFunc(columns, func(c column) bool { return c.name == name })
	}
	id, exclude := at(schemas.ID), at(schemas.Exclude)
	return func(cells []cell) string {
		if b.JudgedOnly && cells[id].given && !judged.has(cells[id].text) {
			return "not_judged"
		}
		if b.ExcludeIdentical {
			cells[exclude] = cell{given: true, list: [][]byte{cells[id].text}}
		}
		return ""
	}, nil
}

// eachJudgment calls row for every judgment of the split. A first line whose grade is no number is the header.
func (b *BEIR) eachJudgment(r reading, row func(query, document []byte, grade int32) error) error {
	for _, l := range scanFiles(r, []string{b.judgments()}, tabbedJudgment) {
		return l.each(func() (*bad, error) {
			f := l.value
			grade, bad := gradeOf(f[2])
			switch {
			case bad != nil && l.number == 1:
				return header, nil
			case bad != nil:
				return bad, nil
			}
			return nil, row(f[0], f[1], grade)
		})
	}
	return nil
}

func tabbedJudgment(line []byte, s *splitter) ([][]byte, *bad) {
	return s.tabs(line, 3, "query id, document id, grade")
}

// beirHeader stands above the judgments of the collections that BEIR publishes.
const beirHeader = "query-id\tcorpus-id\tscore"

var header = drop("header")

// parseHeaded takes a line of a file of judgments apart that begins with that header.
func parseHeaded(line []byte, s *splitter) (j judgment, b *bad) {
	if string(line) == beirHeader {
		return j, header
	}
	f, b := tabbedJudgment(line, s)
	if b != nil {
		return j, b
	}
	grade, b := gradeOf(f[2])
	return judgment{f[0], f[1], grade}, b
}
