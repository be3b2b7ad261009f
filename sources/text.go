package sources

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/ferry-clir/ferry/schemas"
)

// Text reads plain text of one language, a document a line, bare, gzip, zstd or zip: what a vocabulary is audited, extended or
// trimmed for. A document's id is its file's name and line, as in `corpus.txt:17`; it has no title. Empty lines are dropped.
type Text struct {
	// Path names the files; globs are allowed.
	Path []schemas.Path `yaml:"path" ferry:"required"`
	// Language is that of all lines.
	Language string `yaml:"language" ferry:"required"`
	// MaxLine is the longest line in bytes; longer ones go to quarantine.
	MaxLine int `yaml:"max_line"`
}

// NewText returns a Text with its defaults.
func NewText() *Text { return &Text{MaxLine: defaultMaxLine} }

// Validate checks the keys, and that ids can be told apart.
func (t *Text) Validate() []schemas.Mistake {
	found := lineMistakes(t.MaxLine)
	files, err := globs(t.Path)
	if err != nil {
		return found // Files says so
	}
	names := map[string]string{}
	for _, file := range files {
		if other, ok := names[bare(file)]; ok {
			found = append(found, schemas.Mistake{Key: "path", Problem: fmt.Sprintf("%s and %s would give the same ids; rename one of them", other, file)})
		}
		names[bare(file)] = file
	}
	return found
}

// Tables is documents.
func (t *Text) Tables() []schemas.TableType {
	return []schemas.TableType{{Name: "documents", Schema: schemas.Documents()}}
}

// Languages is that of all lines.
func (t *Text) Languages(string) []string { return []string{t.Language} }

// Files are the files that the paths name.
func (t *Text) Files() ([]string, error) {
	files, err := globs(t.Path)
	slices.Sort(files)
	return files, err
}

// Read streams the lines in file order.
func (t *Text) Read(ctx context.Context, table string, out schemas.Output) error {
	if table != "documents" {
		return noTable("text", table)
	}
	files, err := globs(t.Path)
	if err != nil {
		return err
	}
	r := newReading(ctx, out, t.MaxLine)
	rows := r.rows(schemas.Documents())
	defer rows.release()
	for i, l := range scanFiles[struct{}](r, files, nil) {
		id := append([]byte(bare(files[i])), ':')
		err := l.each(func() (*bad, error) {
			rows.names(t.Language)
			rows.texts(strconv.AppendInt(id, l.number, 10), nil, l.text)
			return nil, rows.end()
		})
		if err != nil {
			return err
		}
	}
	return rows.flush()
}
