package stages

import (
	"context"
	"fmt"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/text"
	"github.com/ferry-clir/ferry/schemas"
)

// Clean rewrites the texts of documents, queries or pairs, and leaves out those that are of no use. It does nothing that is
// not asked for, in this order: control characters, normalisation, white space, then the filters, which see the cleaned
// text. The manifest counts the rows left out as empty, too_short, too_long, length_ratio, wrong_script or
// wrong_language, the first that is true; of a pair one bad side is enough. Titles are rewritten and not filtered.
//
// A character is a Unicode code point. The script of a language is the one that its code names, as in sr-Latn, else all that
// it is written in, as sr is in two, else the one that CLDR says is likely; of other languages it is not checked.
type Clean struct {
	// From names a table of documents, queries or pairs.
	From schemas.TableRef `yaml:"from" ferry:"required"`
	// RemoveControl takes out control characters and invisible format characters, such as byte order marks, soft hyphens and
	// directions, but not white space, joiners and the zero-width space.
	RemoveControl bool `yaml:"remove_control"`
	// Normalization is nfc, or nfkc to replace compatibility characters such as ligatures and full-width letters too.
	Normalization string `yaml:"normalization"`
	// CollapseSpace makes one space of white space of any length and kind, and takes it off both ends.
	CollapseSpace bool `yaml:"collapse_space"`
	// MinCharacters leaves out texts of fewer characters.
	MinCharacters int `yaml:"min_characters"`
	// MaxCharacters leaves out texts of more characters.
	MaxCharacters int `yaml:"max_characters"`
	// MaxRatio leaves out pairs whose one side has more than so many times the characters of the other.
	MaxRatio float64 `yaml:"max_ratio"`
	// MinScript leaves out texts of whose letters a smaller share, 0 to 1, is in the script of their language.
	MinScript float64 `yaml:"min_script"`
	// LanguageModel is the file of a classifier of fastText whose labels are languages; without it, languages are not checked.
	LanguageModel schemas.Path `yaml:"language_model"`
	// MaxOtherLanguage leaves out texts that are in some other language with at least that probability, 0 to 1, as
	// language_model sees it.
	MaxOtherLanguage float64 `yaml:"max_other_language"`

	once      sync.Once
	languages *text.Languages
	err       error // of reading them
}

// NewClean returns a Clean with its defaults.
func NewClean() *Clean { return &Clean{MaxOtherLanguage: 0.5} }

// Validate checks the keys.
func (c *Clean) Validate() []schemas.Mistake {
	found := oneOf("normalization", c.Normalization, "", "nfc", "nfkc")
	for _, k := range []struct {
		key   string
		value int
	}{{"min_characters", c.MinCharacters}, {"max_characters", c.MaxCharacters}} {
		if k.value < 0 {
			found = append(found, schemas.Mistake{Key: k.key, Problem: fmt.Sprintf("should be at least 0, is %d", k.value)})
		}
	}
	if c.MaxCharacters > 0 && c.MaxCharacters < c.MinCharacters {
		found = append(found, schemas.Mistake{Key: "max_characters", Problem: fmt.Sprintf("should be at least min_characters, is %d", c.MaxCharacters)})
	}
	if c.MaxRatio != 0 && c.MaxRatio < 1 {
		found = append(found, schemas.Mistake{Key: "max_ratio", Problem: fmt.Sprintf("should be at least 1, is %v", c.MaxRatio)})
	}
	for _, k := range []struct {
		key   string
		value float64
	}{{"min_script", c.MinScript}, {"max_other_language", c.MaxOtherLanguage}} {
		if k.value < 0 || k.value > 1 {
			found = append(found, schemas.Mistake{Key: k.key, Problem: fmt.Sprintf("should be from 0 to 1, is %v", k.value)})
		}
	}
	return found
}

// RowWise says that every row of From is cleaned on its own.
func (c *Clean) RowWise() string { return "from" }

// Outputs is a table with the columns of From.
func (c *Clean) Outputs(in Types) (Outputs, []schemas.Mistake) {
	from := in.Schema("from")
	found := lacksTexts(from)
	if from != nil && c.MaxRatio != 0 && len(found) == 0 && len(textSides(from)) < 2 {
		found = append(found, schemas.Mistake{Key: "max_ratio", Problem: "is for pairs; this table has " + columnList(from)})
	}
	return Outputs{Tables: []schemas.TableType{{Name: "kept", Schema: from}}}, found
}

// A textSide is a column of texts with that of their languages.
type textSide struct{ text, language string }

// textSides are the texts of a table: both sides of pairs, else one. Nil if the table has none.
func textSides(schema *arrow.Schema) []textSide {
	switch {
	case schema.HasField(schemas.SourceText) && schema.HasField(schemas.TargetText):
		return []textSide{{schemas.SourceText, schemas.SourceLanguage}, {schemas.TargetText, schemas.TargetLanguage}}
	case schema.HasField(schemas.Text):
		return []textSide{{schemas.Text, schemas.Language}}
	}
	return nil
}

func lacksTexts(schema *arrow.Schema) []schemas.Mistake {
	if schema == nil || textSides(schema) != nil {
		return nil
	}
	return []schemas.Mistake{{Key: "from", Problem: "needs a table of documents, queries or pairs; this one has " + columnList(schema)}}
}

// Run cleans.
func (c *Clean) Run(ctx context.Context, job Job) (*model.Model, error) {
	from, _ := job.Table("from")
	out := job.Outputs["kept"]
	languages, err := c.open()
	if err != nil {
		return nil, err
	}
	sides, known := textSides(from.Schema), map[string]text.Side{}
	for batch, err := range from.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		cleaned := c.rewrite(out, batch, sides)
		err := emitRows(out, cleaned, c.keep(out, cleaned, sides, known, languages))
		cleaned.Release()
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// rewrite returns the batch with its texts and titles cleaned, which the caller releases.
func (c *Clean) rewrite(out schemas.Output, batch arrow.RecordBatch, sides []textSide) arrow.RecordBatch {
	cleaner := text.Cleaner{Form: c.Normalization, RemoveControl: c.RemoveControl, CollapseSpace: c.CollapseSpace}
	columns := append([]arrow.Array(nil), batch.Columns()...)
	names := []string{schemas.Title}
	for _, s := range sides {
		names = append(names, s.text)
	}
	for _, name := range names {
		for _, at := range batch.Schema().FieldIndices(name) {
			columns[at] = cleanColumn(out, cleaner, texts(batch, name))
			defer columns[at].Release()
		}
	}
	return array.NewRecordBatch(batch.Schema(), columns, batch.NumRows())
}

func cleanColumn(out schemas.Output, cleaner text.Cleaner, column *array.String) arrow.Array {
	b := array.NewStringBuilder(out.Allocator)
	defer b.Release()
	for i := range column.Len() {
		b.Append(cleaner.Clean(column.Value(i)))
	}
	return b.NewArray()
}

// keep returns the rows that are of use, and counts the others. Known are sides without text, by the code of their language.
func (c *Clean) keep(out schemas.Output, batch arrow.RecordBatch, sides []textSide, known map[string]text.Side, languages *text.Languages) []int {
	filter := text.Filter{MinCharacters: c.MinCharacters, MaxCharacters: c.MaxCharacters, MaxRatio: c.MaxRatio, MinScript: c.MinScript,
		MaxOther: c.MaxOtherLanguage, Languages: languages}
	var rows []int
	one := make([]text.Side, len(sides))
	for i := range int(batch.NumRows()) {
		for s, side := range sides {
			language := texts(batch, side.language).Value(i)
			empty, ok := known[language]
			if !ok {
				empty.Script = text.ScriptOf(language)
				if languages != nil {
					empty.Language = languages.Of(language)
				}
				known[clone(language)] = empty
			}
			one[s] = empty
			one[s].Text = texts(batch, side.text).Value(i)
		}
		if reason := filter.Reason(one...); reason != "" {
			out.Drop(reason, 1)
			continue
		}
		rows = append(rows, i)
	}
	return rows
}
