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

// sharersOutputs are what other pipeline files, which are still there, have written that share the work folder, wherever they write
// to, as the manifests say that the records of runs name.
func (p *Pipeline) sharersOutputs() (taken []takenPath) {
	folders, _ := os.ReadDir(filepath.Dir(p.runsFolder())) // one that cannot be read ends the run itself
	seen := map[string]bool{"": true}
	for _, folder := range folders {
		sharer := &Pipeline{Name: folder.Name(), Work: p.Work}
		records, _ := sharer.records()
		for _, r := range records {
			if !seen[r.Manifest] {
				taken = append(taken, p.othersOutputsOf(filepath.Join(p.Work, r.Manifest))...)
			}
			seen[r.Manifest] = true
		}
	}
	return taken
}

// othersOutputsOf are those that one manifest names; none if it is this pipeline's own, or cannot be read.
func (p *Pipeline) othersOutputsOf(manifest string) (taken []takenPath) {
	var m Manifest
	data, err := os.ReadFile(manifest)
	if err != nil || json.Unmarshal(data, &m) != nil || m.File == "" {
		return nil
	}
	dir, folder := p.dir, filepath.Dir(manifest)
	if filepath.Join(dir, m.Folder) != folder { // the other file is not beside this one, or all was moved
		if dir, err = m.home(folder); err != nil {
			return nil
		}
	}
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
