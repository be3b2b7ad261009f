package sources

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/ferry-clir/ferry/schemas"
)

// MMARCO reads mMARCO (Bonifacio et al., 2021): MS MARCO's passages and questions, machine-translated into 13
// languages.
//
// The published layout, below `data/google`, is `collections/<language>_collection.tsv` with id and text,
// `queries/<split>/<language>_queries.<split>.tsv` with id and text, `qrels.dev.small.tsv` and `qrels.train.tsv` with
// query id, 0, document id and grade, and `triples.train.ids.small.tsv` with query id, relevant and irrelevant document
// id, all tab-separated without header and the same for all languages. Languages have English names in the file names
// (`german_collection.tsv`); a code that ferry knows no name for stands there itself. Files may be compressed (.gz,
// .zst or .zip after the name).
//
// The dev split has 101,093 queries of which qrels.dev.small.tsv judges 6,980: see judged_only. The Portuguese and
// Chinese training queries of version 1 have line breaks within queries; the broken lines go to quarantine.
// Remembering ids costs a bit each.
type MMARCO struct {
	acquired
	// Path is the folder that holds collections, queries and judgments, or the one above its data/google.
	Path schemas.Path `yaml:"path"`
	// Split is dev or train.
	Split string `yaml:"split"`
	// Documents are the languages of the passages, by code.
	Documents []string `yaml:"documents"`
	// Queries are the languages of the queries, by code.
	Queries []string `yaml:"queries"`
	// JudgedOnly leaves out the queries that no judgment names.
	JudgedOnly bool `yaml:"judged_only"`
	// MaxLine is the longest line in bytes; longer ones go to quarantine.
	MaxLine int `yaml:"max_line"`
}

// NewMMARCO returns the defaults: the dev split.
func NewMMARCO() *MMARCO { return &MMARCO{Split: "dev", MaxLine: defaultMaxLine} }

// languageName is what mMARCO calls a language in its file names.
func languageName(code string) string {
	names := map[string]string{"ar": "arabic", "de": "german", "en": "english", "es": "spanish", "fr": "french",
		"hi": "hindi", "id": "indonesian", "it": "italian", "ja": "japanese", "nl": "dutch", "pt": "portuguese",
		"ru": "russian", "sw": "swahili", "th": "thai", "vi": "vietnamese", "zh": "chinese"}
	if name, ok := names[code]; ok {
		return name
	}
	return code
}

// Validate returns what cannot work.
func (m *MMARCO) Validate() []schemas.Mistake {
	found := append(languageMistakes(m.Path, m.acquired, m.Documents, m.Queries), lineMistakes(m.MaxLine)...)
	if m.Split != "dev" && m.Split != "train" {
		found = append(found, schemas.Mistake{Key: "split", Problem: "should be dev or train, is " + strconv.Quote(m.Split)})
	}
	for _, file := range m.files() {
		if m.Download && len(catalogued("mmarco", file)) == 0 {
			found = append(found, schemas.Mistake{Key: "download", Problem: "nobody publishes " + file + "; `ferry sources mmarco` lists what there is"})
		}
	}
	return found
}

// Tables are documents, queries and judgments, and with the train split triples. That split's judgments and triples
// are large files of their own and offered where they are present or to be downloaded.
func (m *MMARCO) Tables() []schemas.TableType {
	tables := retrievalTables(m.Documents, m.Queries)
	if m.Split == "train" && !m.present(m.judgments()) {
		tables = slices.DeleteFunc(tables, func(t schemas.TableType) bool { return t.Name == "judgments" })
	}
	if m.Split == "train" && m.present(m.triples()) {
		tables = append(tables, schemas.TableType{Name: "triples", Schema: schemas.Triples()})
	}
	return tables
}

func (m *MMARCO) present(file string) bool {
	_, err := locate(m.at(file))
	return err == nil || m.Download
}

// Languages are those of a table.
func (m *MMARCO) Languages(table string) []string {
	return retrievalLanguages(table, m.Documents, m.Queries)
}

// Files are those of the languages chosen, and the judgments and triples that are offered.
func (m *MMARCO) Files() ([]string, error) {
	if m.Download {
		return paths(m.Published()), nil
	}
	var patterns []string
	for _, file := range m.files() {
		patterns = append(patterns, m.at(file))
	}
	return locateAll(patterns)
}

// Published are these files, if they are to be downloaded.
func (m *MMARCO) Published() []Published {
	if !m.Download {
		return nil
	}
	return catalogued("mmarco", m.files()...)
}

// files are the files' names below the folder.
func (m *MMARCO) files() []string {
	var files []string
	for _, language := range m.Documents {
		files = append(files, m.documents(language))
	}
	for _, language := range m.Queries {
		files = append(files, m.queries(language))
	}
	if m.JudgedOnly {
		files = append(files, m.judgments())
	}
	for _, table := range m.Tables() {
		switch table.Name {
		case "judgments":
			files = append(files, m.judgments())
		case "triples":
			files = append(files, m.triples())
		}
	}
	return files
}

// at is where a file lies.
func (m *MMARCO) at(file string) string {
	folder := within(string(m.Path), "data/google")
	if m.Download {
		folder = dataFolder("mmarco")
	}
	return filepath.Join(folder, filepath.FromSlash(file))
}

func (m *MMARCO) documents(language string) string {
	return "collections/" + languageName(language) + "_collection.tsv"
}

func (m *MMARCO) queries(language string) string {
	return "queries/" + m.Split + "/" + languageName(language) + "_queries." + m.Split + ".tsv"
}

func (m *MMARCO) judgments() string {
	if m.Split == "dev" {
		return "qrels.dev.small.tsv"
	}
	return "qrels.train.tsv"
}

func (m *MMARCO) triples() string { return "triples.train.ids.small.tsv" }

// Read streams the rows in file order, language after language. Judgments hold for every language, which is null.
func (m *MMARCO) Read(ctx context.Context, table string, out schemas.Output) error {
	r := newReading(ctx, out, m.MaxLine)
	switch table {
	case "documents":
		return r.documents(m.Documents, func(l string) string { return m.at(m.documents(l)) }, 2, "id, text")
	case "queries":
		judged, err := m.judged(r)
		if err != nil {
			return err
		}
		return r.queries(m.Queries, func(l string) string { return m.at(m.queries(l)) }, 2, "id, text", judged)
	case "judgments":
		rows := r.rows(schemas.Judgments())
		defer rows.release()
		err := r.eachJudgment(m.at(m.judgments()), func(j judgment) error {
			return rows.judgment(j.query, j.document, j.grade, "", "")
		})
		if err != nil {
			return err
		}
		return rows.flush()
	case "triples":
		return m.readTriples(r)
	}
	return noTable("mmarco", table)
}

// judged returns the ids of the queries with a judgment, or nil if all queries are wanted.
func (m *MMARCO) judged(r reading) (*seen, error) {
	if !m.JudgedOnly {
		return nil, nil
	}
	ids := newSeen()
	return ids, r.silent().eachJudgment(m.at(m.judgments()), func(j judgment) error {
		ids.add(j.query)
		return nil
	})
}

func (m *MMARCO) readTriples(r reading) error {
	rows := r.rows(schemas.Triples())
	defer rows.release()
	parse := func(line []byte, s *splitter) ([][]byte, *bad) {
		return s.tabs(line, 3, "query id, relevant document id, irrelevant document id")
	}
	for _, l := range scanFiles(r, []string{m.at(m.triples())}, parse) {
		err := l.each(func() (*bad, error) {
			rows.texts(l.value...)
			for range 3 { // languages: any
				rows.null()
			}
			return nil, rows.end()
		})
		if err != nil {
			return err
		}
	}
	return rows.flush()
}
