package pipeline

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/pipeline/tables"
)

// A foundManifest is a manifest where it stands now.
type foundManifest struct {
	Manifest
	path   string
	folder string // of the pipeline file, were it to stand as it did then
}

// sameFile tells whether the two are of one pipeline file, which may have been given another name inside.
func (m *foundManifest) sameFile(other *foundManifest) bool {
	return m.File == other.File && m.folder == other.folder
}

// readManifest adds a manifest to those whose outputs are to be read.
func (v *verification) readManifest(file string) error {
	m := &foundManifest{path: file}
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &m.Manifest)
	}
	if err != nil {
		v.damaged(keptFile{path: file, remedy: "run again"}, err.Error())
		return nil
	}
	if m.Folder == "" {
		return fmt.Errorf("verifying %s: the ferry that wrote it did not note yet where it stood; run again", file)
	}
	if m.folder, err = m.home(filepath.Dir(file)); err != nil { // it is not below the pipeline file's, and this does to tell files apart
		m.folder = filepath.Join(filepath.Dir(file), m.Folder)
	}
	v.manifests = append(v.manifests, m)
	return nil
}

// addOutputs adds what the manifests say that runs wrote. What a later run of the same file wrote again is as that says.
func (v *verification) addOutputs() error {
	slices.SortStableFunc(v.manifests, func(a, b *foundManifest) int { return b.Started.Compare(a.Started) })
	last := map[string]*foundManifest{} // that names a path
	for i, m := range v.manifests {
		remedy := rewrite
		if slices.ContainsFunc(v.manifests[:i], m.sameFile) {
			remedy += fmt.Sprintf(" or, if %s does not write it any more, remove %s", m.File, m.path)
		}
		expected := m.tables()
		for name, sum := range m.Outputs {
			relative, err := filepath.Rel(filepath.FromSlash(m.Folder), filepath.FromSlash(name))
			if err != nil {
				return fmt.Errorf("verifying %s: %w", m.path, err)
			}
			f := keptFile{path: filepath.Join(filepath.Dir(m.path), relative), Sum: content.Sum{SHA256: sum}, table: expected[name], remedy: remedy}
			later := last[f.path]
			switch {
			case later == nil:
				last[f.path] = m
			case later.sameFile(m):
				continue
			default:
				f.remedy = fmt.Sprintf("so says %s, and %s wrote it later, as %s says: remove the first if that was meant, or let one write elsewhere, and run both again", m.path, later.File, later.path)
			}
			if f.table == nil && strings.HasSuffix(name, ".parquet") {
				f.table = &tables.Expected{Rows: -1}
			}
			v.add(f)
		}
	}
	return nil
}

// tables are what the outputs hold that are one table each.
func (m *Manifest) tables() map[string]*tables.Expected {
	expected := map[string]*tables.Expected{}
	for _, s := range m.Steps {
		for name, t := range s.Tables {
			expected[name] = &tables.Expected{Rows: t.Rows, Columns: t.Columns}
		}
	}
	return expected
}
