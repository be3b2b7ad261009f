package sources

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/schemas"
)

// MTOP reads MTOP (Li et al., EACL 2021), utterances to a voice assistant in en, de, es, fr, hi and th, translated by
// people, as a retrieval collection: utterances of some languages are the documents, those of others the queries.
//
// The published layout is one file `<language>/<split>.txt` for each language and split (train, eval, test), of eight
// tab-separated columns without header: id, intent, slots (`start:end:SL:NAME` in characters, comma-separated),
// utterance, domain, locale, decoupled form, tokens (JSON). An utterance has the same id in every language. Files may
// be compressed (.gz, .zst or .zip after the name).
//
// MTOP has no judgments; ferry derives them. The skeleton of an utterance is its decoupled form without words: every
// `[IN:X`, `[SL:Y` and `]`, in order. A document with the query's skeleton gets skeleton_grade, any other with the
// query's intent gets intent_grade. The query's own translation, which has the query's id, is excluded by default from
// what may be returned and from the judgments: to find it would measure translation and not the understanding of
// intents. A query may then have nothing relevant at all; such queries have no judgments.
//
// With pairs, it offers utterances beside their translations too, as bitext of the task itself. They have the utterance's
// id, so that the stage split keeps those of queries that are evaluated out of those that are learned from.
//
// An id that comes twice in a language is rejected the second time. The judgments need the documents' ids, intents and
// skeletons in memory, about 200 bytes a document, and the pairs those of the source language, as much.
type MTOP struct {
	acquired
	// Path is the folder that holds a folder for each language, or the published mtop.zip, which is read as it is.
	Path schemas.Path `yaml:"path"`
	// Split names the splits that are read: train, eval or test, or several.
	Split []string `yaml:"split"`
	// Documents are the languages whose utterances are to be found.
	Documents []string `yaml:"documents"`
	// Queries are the languages whose utterances are searched for.
	Queries []string `yaml:"queries"`
	// Pairs are the language of the source and those of its translations, aligned by id, for the table pairs.
	Pairs []string `yaml:"pairs"`
	// SkeletonGrade is the grade of a document with the query's skeleton, 0 for no judgment.
	SkeletonGrade int32 `yaml:"skeleton_grade"`
	// IntentGrade is the grade of a document that shares the query's intent only, 0 for no judgment.
	IntentGrade int32 `yaml:"intent_grade"`
	// ExcludeTranslation keeps the query's own translation out of the candidates and of the judgments.
	ExcludeTranslation bool `yaml:"exclude_translation"`
	// MaxLine is the longest line in bytes; longer ones go to quarantine.
	MaxLine int `yaml:"max_line"`
}

// NewMTOP returns the defaults: the eval split, grades 2 and 1, translation excluded.
func NewMTOP() *MTOP {
	return &MTOP{Split: []string{"eval"}, SkeletonGrade: 2, IntentGrade: 1, ExcludeTranslation: true, MaxLine: defaultMaxLine}
}

// Validate returns what cannot work.
func (m *MTOP) Validate() []schemas.Mistake {
	found := languageMistakes(m.Path, m.acquired, m.Documents, m.Queries)
	if len(m.Pairs) > 0 && len(m.Documents)+len(m.Queries) == 0 {
		found = m.pathMistakes(m.Path != "", "the folder of the collection")
	}
	found = slices.Concat(found, m.pairMistakes(), lineMistakes(m.MaxLine))
	if len(m.Split) == 0 {
		found = append(found, schemas.Mistake{Key: "split", Problem: "names no split; there is train, eval, test"})
	}
	return append(found, gradeMistakes("skeleton_grade", m.SkeletonGrade, "intent_grade", m.IntentGrade)...)
}

// Tables are documents and queries, with the columns intent and slots after the usual ones, judgments, and pairs.
func (m *MTOP) Tables() []schemas.TableType {
	tables := retrievalTables(m.Documents, m.Queries)
	for i := range tables {
		if tables[i].Name != "judgments" {
			tables[i].Schema = withSlots(tables[i].Schema)
		}
	}
	if len(m.Pairs) > 0 {
		tables = append(tables, schemas.TableType{Name: "pairs", Schema: schemas.Pairs()})
	}
	return tables
}

func withSlots(schema *arrow.Schema) *arrow.Schema {
	text := arrow.BinaryTypes.String
	return arrow.NewSchema(append(schema.Fields(), arrow.Field{Name: schemas.Intent, Type: text}, arrow.Field{Name: schemas.Slots, Type: text}), nil)
}

// Languages are those of a table.
func (m *MTOP) Languages(table string) []string {
	return retrievalLanguages(table, m.Documents, m.Queries)
}

// Files are the files of every language and split.
func (m *MTOP) Files() ([]string, error) {
	var patterns []string
	for _, languages := range [][]string{m.Documents, m.Queries, m.Pairs} {
		for _, language := range languages {
			patterns = append(patterns, m.patterns(language)...)
		}
	}
	if m.Download && len(Missing(m.Published())) > 0 {
		return paths(m.Published()), nil
	}
	files, err := locateAll(patterns)
	if there := m.languages(); err != nil && len(there) > 0 {
		err = fmt.Errorf("%w; there is %s", err, some(there))
	}
	return files, err
}

// languages are those that the folder or archive has.
func (m *MTOP) languages() (there []string) {
	for _, split := range m.Split {
		pattern := filepath.Join(m.folder(), "*", split+".txt")
		files, _ := filepath.Glob(pattern + "*") // bare or packed
		if archive, inner, ok := inArchive(pattern); ok {
			files = slices.DeleteFunc(memberNames(archive), func(name string) bool { return !endsIn(inner)(name) })
		}
		for _, file := range files {
			there = append(there, filepath.Base(filepath.Dir(file)))
		}
	}
	slices.Sort(there)
	return slices.Compact(there)
}

// Published is the archive, if it is to be downloaded.
func (m *MTOP) Published() []Published {
	if !m.Download {
		return nil
	}
	return catalogued("mtop")
}

func (m *MTOP) folder() string {
	if m.Download {
		return m.Published()[0].Path()
	}
	return string(m.Path)
}

func (m *MTOP) patterns(language string) []string {
	var patterns []string
	for _, split := range m.Split {
		patterns = append(patterns, filepath.Join(m.folder(), language, split+".txt"))
	}
	return patterns
}

// Read streams documents and queries in file order, language after language. Judgments come by query; those of the
// higher grade come first. Pairs come by target language, in the order of its file.
func (m *MTOP) Read(ctx context.Context, table string, out schemas.Output) error {
	r := newReading(ctx, out, m.MaxLine)
	switch table {
	case "documents":
		return m.readUtterances(r, withSlots(schemas.Documents()), m.Documents, func(rows *rows, u utterance) {
			rows.texts(u.id, nil, u.text)
		})
	case "queries":
		return m.readUtterances(r, withSlots(schemas.Queries()), m.Queries, func(rows *rows, u utterance) {
			rows.texts(u.id, u.text)
			if m.ExcludeTranslation {
				rows.list(u.id)
			} else {
				rows.list()
			}
		})
	case "judgments":
		return m.readJudgments(r)
	case "pairs":
		return m.readPairs(r)
	}
	return noTable("mtop", table)
}

func (m *MTOP) readUtterances(r reading, schema *arrow.Schema, languages []string, put func(*rows, utterance)) error {
	rows := r.rows(schema)
	defer rows.release()
	for _, language := range languages {
		err := m.each(r, language, func(u utterance) error {
			rows.names(language)
			put(rows, u)
			rows.texts(u.intent, u.slots)
			return rows.end()
		})
		if err != nil {
			return err
		}
	}
	return rows.flush()
}

// An utterance is one line.
type utterance struct{ id, intent, slots, text, form []byte }

// each calls row for every utterance of a language that can be used; it is valid until row returns.
func (m *MTOP) each(r reading, language string, row func(utterance) error) error {
	ids := newSeen()
	for _, l := range scanFiles(r, m.patterns(language), parseUtterance) {
		err := l.each(func() (*bad, error) {
			if !ids.add(l.value.id) {
				return badly(duplicateID, "id %s has come before in %s", l.value.id, language), nil
			}
			return nil, row(l.value)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// parseUtterance takes a line apart.
func parseUtterance(line []byte, s *splitter) (u utterance, b *bad) {
	f, b := s.tabs(line, 8, "id, intent, slots, utterance, domain, locale, decoupled form, tokens")
	switch {
	case b != nil:
		return u, b
	case len(f[0]) == 0:
		return u, badly(badValue, "the id is empty")
	case !bytes.HasPrefix(f[6], []byte("[IN:")):
		return u, badly(badValue, "the decoupled form (column 7) does not begin with [IN:")
	case blank(f[3]):
		return u, emptyRow
	}
	return utterance{id: f[0], intent: f[1], slots: f[2], text: f[3], form: f[6]}, nil
}

// skeleton returns the brackets of a decoupled form: every [IN:X, [SL:Y and ], in order, without the words.
func skeleton(form []byte) string {
	var bones []byte
	for i := 0; i < len(form); i++ {
		switch rest := form[i:]; {
		case rest[0] == ']':
			bones = append(bones, ']')
		case bytes.HasPrefix(rest, []byte("[IN:")) || bytes.HasPrefix(rest, []byte("[SL:")):
			end := 4
			for end < len(rest) && isNameByte(rest[end]) {
				end++
			}
			bones = append(bones, rest[:end]...)
			i += end - 1
		}
	}
	return string(bones)
}

func isNameByte(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z'
}
