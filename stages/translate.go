package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
)

// Translate makes queries of the same queries in another language, for a search in one language: the baseline that
// cross-lingual search is to beat. Translations come from a table, or from a command, machine translation for instance.
//
// A table of pairs gives those of a query's text, in either direction, whatever file they were read from; a table of queries,
// with ids and texts in the language asked for, those of a query's id.
//
// A command is started once for each language, and is given the queries of that language, one a line; it prints the
// translation of each, one a line, in the same order. It may read everything before it prints anything. Line breaks within a
// query become spaces. A result counts as made as long as the command's words stay the same and the files among them, such
// as a script; a model that they name in other ways may change without being noticed.
//
// Queries that are in the language already stay as they are. Ids and exclusions are kept.
type Translate struct {
	// From names a table of queries.
	From schemas.TableRef `yaml:"from" ferry:"required"`
	// Language is the one to translate into.
	Language string `yaml:"language" ferry:"required"`
	// Translations names a table of pairs, or of queries.
	Translations schemas.TableRef `yaml:"translations"`
	// Command is the program and its arguments, such as [python3, translate.py, "{source}", "{target}"], which stand for the
	// languages. No shell sees it. It runs in the pipeline file's folder.
	Command []string `yaml:"command"`
	// Timeout is for how many seconds the command may print nothing.
	Timeout float64 `yaml:"timeout"`
	// KeepLanguage leaves the query's own language in the column language, so that scores are told by it, and stand beside
	// those of searches without translation. Queries of several languages with the same ids need it.
	KeepLanguage bool `yaml:"keep_language"`
	// Untranslated is what becomes of a query that has no translation in the table, for which the command prints an empty line, or
	// that has no text: quarantine, or keep.
	Untranslated string `yaml:"untranslated"`

	folder string
}

const (
	untranslatedQuarantine = "quarantine"
	untranslatedKeep       = "keep"
)

// NewTranslate returns a Translate with its defaults.
func NewTranslate() *Translate {
	return &Translate{Timeout: 600, Untranslated: untranslatedQuarantine}
}

// InFolder says where the command runs.
func (t *Translate) InFolder(folder string) { t.folder = folder }

// Validate checks the keys.
func (t *Translate) Validate() []schemas.Mistake {
	found := mistakes(oneOf("untranslated", t.Untranslated, untranslatedQuarantine, untranslatedKeep))
	found.when(t.Timeout <= 0, "timeout", "above 0", t.Timeout)
	switch {
	case (t.Translations == "") == (len(t.Command) == 0):
		found = append(found, schemas.Mistake{Problem: "needs either translations or command"})
	case len(t.Command) > 0:
		if _, err := t.command("", nil).path(); err != nil {
			found = append(found, schemas.Mistake{Key: "command", Problem: err.Error()})
		}
	}
	return found
}

// Files are those that the command names.
func (t *Translate) Files() ([]string, error) { return t.command("", nil).files(), nil }

// Makes says that a query becomes a query.
func (t *Translate) Makes() Makes { return OneInEach }

// Outputs is a table of queries.
func (t *Translate) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := lacks("from", in.Schema("from"), "queries", schemas.Language, schemas.ID, schemas.Text)
	if table := in.Schema("translations"); table != nil && !isPairs(table) {
		found = append(found, lacks("translations", table, "pairs or queries", schemas.Language, schemas.ID, schemas.Text)...)
	}
	return Outputs{Tables: []schemas.TableType{{Name: "queries", Schema: schemas.Queries()}}}, found
}

func isPairs(schema *arrow.Schema) bool {
	return schema.HasField(schemas.SourceText) && schema.HasField(schemas.TargetText)
}

// A translated query has no translation as long as that is empty.
type translated struct {
	languageID
	text, translation string
	exclude           []string
}

func (q translated) String() string { return q.language + ":" + q.id }

// Run translates. The queries are held in memory.
func (t *Translate) Run(ctx context.Context, job Job) (*model.Model, error) {
	from, _ := job.Table("from")
	queries, err := readTranslated(ctx, from)
	if err != nil {
		return nil, err
	}
	for i := range queries {
		if queries[i].language == t.Language {
			queries[i].translation = queries[i].text
		}
	}
	if table, ok := job.Table("translations"); ok {
		err = t.lookUp(ctx, table, queries)
	} else {
		err = t.runCommands(ctx, job, queries)
	}
	if err != nil {
		return nil, err
	}
	return nil, t.emit(job.Outputs["queries"], from.Name, queries)
}

func readTranslated(ctx context.Context, t schemas.Table) (queries []translated, err error) {
	for batch, err := range t.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		rows, exclude := appendRows(nil, nil, batch)
		for i, row := range rows {
			queries = append(queries, translated{languageID: languageID{row.Language, row.ID}, text: clone(texts(batch, schemas.Text).Value(i)), exclude: exclude[i]})
		}
	}
	return queries, nil
}

// lookUp takes translations from a table, the first that it has for a query.
func (t *Translate) lookUp(ctx context.Context, table schemas.Table, queries []translated) error {
	// By text, or by id with no language: ids are the same in all.
	wanted := map[languageID][]int{}
	byText := isPairs(table.Schema)
	for i, q := range queries {
		key := languageID{id: q.id}
		if byText {
			key = languageID{q.language, q.text}
		}
		wanted[key] = append(wanted[key], i)
	}
	take := func(key languageID, language, translation string) {
		for _, i := range wanted[key] {
			if q := &queries[i]; language == t.Language && q.translation == "" && strings.TrimSpace(translation) != "" {
				q.translation = clone(translation)
			}
		}
	}
	for batch, err := range table.Batches(ctx) {
		if err != nil {
			return err
		}
		value := func(name string, row int) string { return texts(batch, name).Value(row) }
		for i := range int(batch.NumRows()) {
			if !byText {
				take(languageID{id: value(schemas.ID, i)}, value(schemas.Language, i), value(schemas.Text, i))
				continue
			}
			source := languageID{value(schemas.SourceLanguage, i), value(schemas.SourceText, i)}
			target := languageID{value(schemas.TargetLanguage, i), value(schemas.TargetText, i)}
			take(source, target.language, target.id)
			take(target, source.language, source.id)
		}
	}
	return nil
}

// emit emits the queries in their order.
func (t *Translate) emit(out schemas.Output, from string, queries []translated) error {
	b := array.NewRecordBuilder(out.Allocator, schemas.Queries())
	defer b.Release()
	var without []translated
	made := map[languageID]translated{}
	for row, q := range queries {
		language := t.Language
		if strings.TrimSpace(q.translation) == "" {
			without = append(without, q)
			if t.Untranslated == untranslatedQuarantine {
				err := out.Reject(schemas.Rejected{Path: from, Line: int64(row) + 1, Offset: -1, Reason: "untranslated",
					Detail: t.untranslated(q), Raw: []byte(q.text)})
				if err != nil {
					return err
				}
				continue
			}
			q.translation, language = q.text, q.language
		}
		if t.KeepLanguage {
			language = q.language
		}
		key := languageID{language, q.id}
		if other, ok := made[key]; ok {
			return fmt.Errorf("queries %s and %s would both be %s:%s: keep_language keeps them apart", other, q, language, q.id)
		}
		made[key] = q
		appendText(b.Field(0), language)
		appendText(b.Field(1), q.id)
		appendText(b.Field(2), q.translation)
		appendTexts(b.Field(3), q.exclude)
	}
	switch {
	case len(queries) == 0:
		return errors.New(from + " has no queries")
	case len(without) == len(queries):
		return fmt.Errorf("none of %d queries has a translation in %s, such as %s, %.100q", len(queries), t.Language, queries[0], queries[0].text)
	case len(without) > 0 && t.Untranslated == untranslatedKeep:
		out.Warn(fmt.Sprintf("%d of %d queries have no translation in %s and are kept as they are, such as %s", len(without), len(queries), t.Language, without[0]))
	}
	return emitBuilt(out, b)
}

// untranslated says why a query is without a translation.
func (t *Translate) untranslated(q translated) string {
	switch {
	case strings.TrimSpace(q.text) == "":
		return fmt.Sprintf("query %s has no text", q)
	case len(t.Command) > 0:
		return fmt.Sprintf("the command printed nothing, or what is not UTF-8, for query %s", q)
	}
	return fmt.Sprintf("query %s has no translation in %s", q, t.Language)
}

// runCommands has the queries of each language translated.
func (t *Translate) runCommands(ctx context.Context, job Job, queries []translated) error {
	var languages []string
	of := map[string][]int{} // queries that are to be translated
	broken := []string{}
	done, all := 0, 0
	for i, q := range queries {
		if q.language == t.Language || strings.TrimSpace(q.text) == "" {
			continue
		}
		if !slices.Contains(languages, q.language) {
			languages = append(languages, q.language)
		}
		of[q.language] = append(of[q.language], i)
		if all++; oneLine(q.text) != q.text {
			broken = append(broken, q.String())
		}
	}
	if len(broken) > 0 {
		job.Outputs["queries"].Warn(fmt.Sprintf("%d queries have line breaks, which the command is given as spaces, such as %s", len(broken), broken[0]))
	}
	for _, language := range languages {
		var lines []line
		for _, i := range of[language] {
			lines = append(lines, line{queries[i].String(), oneLine(queries[i].text)})
		}
		err := t.command(language, lines).run(ctx, func(i int, translation string) {
			queries[of[language][i]].translation = translation
			done++
			job.Progress(int64(done), int64(all), "queries")
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// oneLine makes a space of every line break that some program might see.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029", r) {
			return ' '
		}
		return r
	}, s)
}
