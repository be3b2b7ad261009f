package sources

import (
	"context"
	"path/filepath"

	"github.com/ferry-clir/ferry/schemas"
)

// WikiCLIR reads the large-scale WikiCLIR collection (Sasaki et al., NAACL 2018): English queries against Wikipedia
// articles in 25 languages.
//
// The published layout is, below `wiki-clir`, a folder for each language (its name is not looked at):
// `<language>/wiki_<code>.documents` with id, title and text, `<language>/en2<code>.rel` with query id, document id and
// grade (2: the same article; 1: an article that links to that one and is linked from it), and
// `english/wiki_en.queries` with id, title and first sentence. Documents and queries are tab-separated, judgments
// separated by spaces; there are no headers. The query's text is the first sentence. Simple English has the code
// `simple`. Files may be compressed (.gz, .zst or .zip after the name).
//
// The published archive is read as it is: one pass over it a table, up to the last file that is wanted, as fast as one
// core decompresses it. Languages come in the order of the archive. Tables are steps of their own, each kept under its
// own key, so each takes a pass; queries take two with judged_only, since the queries may stand before the judgments, and
// would have to be held in memory until these are known.
//
// Documents and queries without any text are dropped and counted. Remembering ids costs a few bits each.
type WikiCLIR struct {
	acquired
	// Path is the folder that holds a folder for each language, or the one above its wiki-clir, or the published
	// wiki-clir.tar.gz, which is read as it is.
	Path schemas.Path `yaml:"path"`
	// Documents are the languages of the documents, by Wikipedia's codes.
	Documents []string `yaml:"documents"`
	// Queries is the language of the queries; the collection has English ones.
	Queries []string `yaml:"queries"`
	// MateGrade is the grade of the article about the same thing, published as 2; 0 for no judgment.
	MateGrade int32 `yaml:"mate_grade"`
	// LinkedGrade is the grade of the articles linked both ways, published as 1; 0 for no judgment.
	LinkedGrade int32 `yaml:"linked_grade"`
	// JudgedOnly leaves out the queries that no judgment of the chosen languages names.
	JudgedOnly bool `yaml:"judged_only"`
	// MaxLine is the longest line in bytes; longer ones go to quarantine.
	MaxLine int `yaml:"max_line"`
}

// NewWikiCLIR returns the defaults: English queries, the published grades.
func NewWikiCLIR() *WikiCLIR {
	return &WikiCLIR{Queries: []string{"en"}, MateGrade: 2, LinkedGrade: 1, MaxLine: defaultMaxLine}
}

// Validate returns what cannot work.
func (w *WikiCLIR) Validate() []schemas.Mistake {
	found := append(languageMistakes(w.Path, w.acquired, w.Documents, w.Queries), lineMistakes(w.MaxLine)...)
	if w.JudgedOnly && len(w.Documents) == 0 {
		found = append(found, schemas.Mistake{Key: "judged_only", Problem: "needs documents, whose languages choose the judgments"})
	}
	return append(found, gradeMistakes("mate_grade", w.MateGrade, "linked_grade", w.LinkedGrade)...)
}

// Tables are documents, queries and judgments.
func (w *WikiCLIR) Tables() []schemas.TableType { return retrievalTables(w.Documents, w.Queries) }

// Languages are those of a table.
func (w *WikiCLIR) Languages(table string) []string {
	return retrievalLanguages(table, w.Documents, w.Queries)
}

// Files are the files of every language chosen.
func (w *WikiCLIR) Files() ([]string, error) {
	var patterns []string
	for _, language := range w.Documents {
		patterns = append(patterns, w.documents(language))
		for _, queries := range w.Queries {
			patterns = append(patterns, w.judgments(queries, language))
		}
	}
	for _, language := range w.Queries {
		patterns = append(patterns, w.queries(language))
	}
	if w.Download && len(Missing(w.Published())) > 0 {
		return paths(w.Published()), nil
	}
	return locateAll(patterns)
}

// Published is the archive, if it is to be downloaded.
func (w *WikiCLIR) Published() []Published {
	if !w.Download {
		return nil
	}
	return catalogued("wikiclir")
}

func (w *WikiCLIR) folder() string {
	if w.Download {
		return w.Published()[0].Path()
	}
	return within(string(w.Path), "wiki-clir")
}

func (w *WikiCLIR) documents(language string) string {
	return filepath.Join(w.folder(), "*", "wiki_"+language+".documents")
}

func (w *WikiCLIR) queries(language string) string {
	return filepath.Join(w.folder(), "*", "wiki_"+language+".queries")
}

func (w *WikiCLIR) judgments(queries, documents string) string {
	return filepath.Join(w.folder(), "*", queries+"2"+documents+".rel")
}

// Read streams the rows in file order, language after language: in the order of the configuration, or in that of an
// archive. Judgments carry the language of the document; that of
// the query is null, so that they hold for translated queries too.
func (w *WikiCLIR) Read(ctx context.Context, table string, out schemas.Output) error {
	r := newReading(ctx, out, w.MaxLine)
	switch table {
	case "documents":
		return r.documents(w.Documents, w.documents, 3, "id, title, text")
	case "queries":
		judged, err := w.judged(r)
		if err != nil {
			return err
		}
		return r.queries(w.Queries, w.queries, 3, "id, title, first sentence", judged)
	case "judgments":
		rows := r.rows(schemas.Judgments())
		defer rows.release()
		err := w.eachJudgment(r, func(language string, f [][]byte) (*bad, error) {
			grade := w.MateGrade
			switch string(f[2]) {
			case "1":
				grade = w.LinkedGrade
			case "2":
			default:
				return badly(badValue, "grade %q is neither 1 nor 2", f[2]), nil
			}
			if grade == 0 {
				return drop("no_grade"), nil
			}
			return nil, rows.judgment(f[0], f[1], grade, "", language)
		})
		if err != nil {
			return err
		}
		return rows.flush()
	}
	return noTable("wikiclir", table)
}

// eachJudgment calls row with query id, document id and grade, as published.
func (w *WikiCLIR) eachJudgment(r reading, row func(language string, f [][]byte) (*bad, error)) error {
	var files, languages []string
	for _, queries := range w.Queries {
		for _, language := range w.Documents {
			files, languages = append(files, w.judgments(queries, language)), append(languages, language)
		}
	}
	parse := func(line []byte, s *splitter) ([][]byte, *bad) {
		return s.words(line, 3, "query id, document id, grade")
	}
	for i, l := range scanFiles(r, files, parse) {
		if err := l.each(func() (*bad, error) { return row(languages[i], l.value) }); err != nil {
			return err
		}
	}
	return nil
}

// judged returns the ids of the queries with a judgment, or nil if all queries are wanted.
func (w *WikiCLIR) judged(r reading) (*seen, error) {
	if !w.JudgedOnly {
		return nil, nil
	}
	ids := newSeen()
	return ids, w.eachJudgment(r.silent(), func(_ string, f [][]byte) (*bad, error) {
		ids.add(f[0])
		return nil, nil
	})
}
