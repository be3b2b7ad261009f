package sources

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
)

// TREC reads search results and judgments in the formats of trec_eval.
//
// A run has six columns separated by spaces or tabs: query id, Q0, document id, rank, score, name of the run. A
// judgment file (qrels) has four: query id, 0, document id, grade. There are no headers; lines that begin with # are
// comments. Files may be gzip, zstd or zip. They are written one per query language: `{language}` in a path stands for
// each of the languages in queries. Where a pool mixes languages, document ids carry `<language>:` before; see
// prefixed.
//
// A document that comes twice for a query is an error, as in trec_eval. To find it costs about 30 bytes a row.
type TREC struct {
	// Run is the file of search results, offered as the table hits.
	Run schemas.Path `yaml:"run"`
	// Judgments is the file of relevance judgments, offered as the table judgments.
	Judgments schemas.Path `yaml:"judgments"`
	// Queries are the languages of the queries; several need {language} in the path of the run.
	Queries []string `yaml:"queries"`
	// Documents is the language of the documents, unless their ids are prefixed.
	Documents string `yaml:"documents"`
	// Prefixed says that document ids begin with `<language>:`, which is then taken off.
	Prefixed bool `yaml:"prefixed"`
	// MaxLine is the longest line in bytes; longer ones go to quarantine.
	MaxLine int `yaml:"max_line"`
}

// NewTREC returns the defaults: languages are undetermined (und).
func NewTREC() *TREC {
	return &TREC{Queries: []string{"und"}, Documents: "und", MaxLine: defaultMaxLine}
}

const languagePlace = "{language}"

// Validate returns what cannot work.
func (t *TREC) Validate() []schemas.Mistake {
	found := append(codeMistakes("queries", t.Queries), codeMistakes("documents", []string{t.Documents})...)
	found = append(found, lineMistakes(t.MaxLine)...)
	if t.Run == "" && t.Judgments == "" {
		found = append(found, schemas.Mistake{Key: "run", Problem: "name a run, judgments or both"})
	}
	if t.Run != "" && len(t.Queries) != 1 && !strings.Contains(string(t.Run), languagePlace) {
		found = append(found, schemas.Mistake{Key: "queries", Problem: "a run without {language} in its path holds the queries of one language"})
	}
	return found
}

// Tables are hits and judgments, as far as their files are named.
func (t *TREC) Tables() []schemas.TableType {
	var tables []schemas.TableType
	if t.Run != "" {
		tables = append(tables, schemas.TableType{Name: "hits", Schema: schemas.Hits()})
	}
	if t.Judgments != "" {
		tables = append(tables, schemas.TableType{Name: "judgments", Schema: schemas.Judgments()})
	}
	return tables
}

// Files are the runs and judgments.
func (t *TREC) Files() ([]string, error) {
	var patterns []string
	for _, path := range []schemas.Path{t.Run, t.Judgments} {
		patterns = append(patterns, patternsOf(t.files(path))...)
	}
	return locateAll(patterns)
}

// A trecFile is one file and the language of its queries, empty for judgments that hold for any.
type trecFile struct{ path, language string }

func (t *TREC) files(path schemas.Path) []trecFile {
	switch {
	case path == "":
		return nil
	case !strings.Contains(string(path), languagePlace):
		language := ""
		if path == t.Run {
			language = t.Queries[0]
		}
		return []trecFile{{string(path), language}}
	}
	var files []trecFile
	for _, language := range t.Queries {
		files = append(files, trecFile{strings.ReplaceAll(string(path), languagePlace, language), language})
	}
	return files
}

func patternsOf(files []trecFile) []string {
	var patterns []string
	for _, f := range files {
		patterns = append(patterns, f.path)
	}
	return patterns
}

// Read streams the rows in file order. Judgments are for any language where neither the path nor the id names one.
func (t *TREC) Read(ctx context.Context, table string, out schemas.Output) error {
	r := newReading(ctx, out, t.MaxLine)
	switch {
	case table == "hits" && t.Run != "":
		return t.readHits(r)
	case table == "judgments" && t.Judgments != "":
		return t.readJudgments(r)
	}
	return noTable("trec", table)
}

func (t *TREC) readHits(r reading) error {
	rows := r.rows(schemas.Hits())
	defer rows.release()
	files := t.files(t.Run)
	for i, l := range scanFiles(r, patternsOf(files), parseHit) {
		pairs := newSeen()
		err := l.each(func() (*bad, error) {
			h := l.value
			if !pairs.addBoth(h.query, h.document) {
				return nil, twice(l, h.query, h.document)
			}
			language, document, ok := t.split(h.document)
			if !ok {
				return noLanguage(h.document), nil
			}
			rows.names(files[i].language)
			rows.texts(h.query, language, document)
			rows.integer(h.rank)
			rows.number(h.score)
			return nil, rows.end()
		})
		if err != nil {
			return err
		}
	}
	return rows.flush()
}

func noLanguage(document []byte) *bad {
	return badly(badValue, "document id %q has no language before it", document)
}

// split takes the language off a document id.
func (t *TREC) split(id []byte) (language, document []byte, ok bool) {
	if !t.Prefixed {
		return []byte(t.Documents), id, true
	}
	language, document, ok = bytes.Cut(id, []byte(":"))
	return language, document, ok && len(language) > 0 && len(document) > 0
}

func twice[T any](l *lines[T], query, document []byte) error {
	return fmt.Errorf("reading %s: line %d: document %s comes twice for query %s", l.path, l.number, document, query)
}

func (t *TREC) readJudgments(r reading) error {
	rows := r.rows(schemas.Judgments())
	defer rows.release()
	files := t.files(t.Judgments)
	for i, l := range scanFiles(r, patternsOf(files), parseJudgment) {
		pairs := newSeen()
		err := l.each(func() (*bad, error) {
			j := l.value
			if !pairs.addBoth(j.query, j.document) {
				return nil, twice(l, j.query, j.document)
			}
			language := ""
			if t.Prefixed {
				prefix, rest, ok := t.split(j.document)
				if !ok {
					return noLanguage(j.document), nil
				}
				language, j.document = string(prefix), rest
			}
			return nil, rows.judgment(j.query, j.document, j.grade, files[i].language, language)
		})
		if err != nil {
			return err
		}
	}
	return rows.flush()
}

// A hit is one line of a run.
type hit struct {
	query, document []byte
	rank            int32
	score           float64
}

// parseHit takes a line of a run apart.
func parseHit(line []byte, s *splitter) (h hit, b *bad) {
	if line[0] == '#' {
		return h, comment
	}
	f, b := s.words(line, 6, "query id, Q0, document id, rank, score, run")
	if b != nil {
		return h, b
	}
	rank, err := strconv.ParseInt(string(f[3]), 10, 32)
	if err != nil {
		return h, badly(badValue, "rank %q is no whole number", f[3])
	}
	score, err := strconv.ParseFloat(string(f[4]), 64)
	if err != nil || math.IsNaN(score) {
		return h, badly(badValue, "score %q is no number", f[4])
	}
	return hit{query: f[0], document: f[2], rank: int32(rank), score: score}, nil
}

var comment = drop("comment")

// A judgment is one line of a judgment file.
type judgment struct {
	query, document []byte
	grade           int32
}

// parseJudgment takes a line in the format of trec_eval apart.
func parseJudgment(line []byte, s *splitter) (j judgment, b *bad) {
	if line[0] == '#' {
		return j, comment
	}
	f, b := s.words(line, 4, "query id, 0, document id, grade")
	if b != nil {
		return j, b
	}
	grade, b := gradeOf(f[3])
	return judgment{f[0], f[2], grade}, b
}

func gradeOf(text []byte) (int32, *bad) {
	grade, err := strconv.ParseInt(string(text), 10, 32)
	if err != nil {
		return 0, badly(badValue, "grade %q is no whole number", text)
	}
	return int32(grade), nil
}

// eachJudgment calls row for every judgment of a file in the format of trec_eval.
func (r reading) eachJudgment(pattern string, row func(judgment) error) error {
	for _, l := range scanFiles(r, []string{pattern}, parseJudgment) {
		return l.each(func() (*bad, error) { return nil, row(l.value) })
	}
	return nil
}
