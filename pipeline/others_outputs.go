package pipeline

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// othersOutputs are what other pipeline files, which are still there, have written to a folder and those above it, up to that of
// this file, as the manifests there say.
func (p *Pipeline) othersOutputs(folder string) (taken []takenPath) {
	for ; ; folder = filepath.Dir(folder) {
		manifests, _ := fs.Glob(os.DirFS(folder), "*"+manifestSuffix) // a folder that cannot be read has none
		for _, name := range manifests {
			taken = append(taken, p.othersOutputsOf(filepath.Join(folder, name))...)
		}
		if folder == p.dir || folder == filepath.Dir(folder) {
			return taken
		}
	}
}

// othersOutputsOf are those that one manifest names; none if it is this pipeline's own, or cannot be read.
func (p *Pipeline) othersOutputsOf(manifest string) (taken []takenPath) {
	var m Manifest
	data, err := os.ReadFile(manifest)
	if err != nil || json.Unmarshal(data, &m) != nil || m.File == "" {
		return nil
	}
	up, err := filepath.Rel(filepath.FromSlash(m.Folder), ".")
	if err != nil {
		return nil
	}
	dir := filepath.Join(filepath.Dir(manifest), up)
	other, errOther := os.Stat(filepath.Join(dir, m.File))
	own, errOwn := os.Stat(p.File)
	if errOther != nil || errOwn != nil || os.SameFile(other, own) {
		return nil
	}
	what := fmt.Sprintf("what %s wrote, as %s says; choose another path, or remove that manifest", p.shown(filepath.Join(dir, m.File)), p.shown(manifest))
	for name := range m.Outputs {
		taken = append(taken, takenPath{absolute(dir, name), what})
	}
	return taken
}
