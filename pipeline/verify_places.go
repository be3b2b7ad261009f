package pipeline

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/pipeline/tables"
)

// manifestsBelow are the manifests in folders of a folder, where pipelines write their outputs beside each other.
func manifestsBelow(folder string) (files []string, err error) {
	err = filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.HasSuffix(path, manifestSuffix) {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

// gatherWork adds what lies in a work folder: all that notes of its cache name, the quarantine and the mended rows.
func (v *verification) gatherWork(work string) error {
	p, s := &Pipeline{Work: work, dir: work}, openStore(work, memory.DefaultAllocator)
	if file := p.quarantineFile(); isThere(file, 0) {
		v.add(keptFile{path: file, table: &tables.Expected{Rows: -1}, remedy: "the next run writes it anew"})
	}
	if _, err := p.readMends(); err != nil {
		v.damaged(keptFile{path: p.mendsFile(), remedy: "mend it by hand, or remove it and mend those rows again"}, err.Error())
	}
	entries, err := os.ReadDir(s.root)
	if err != nil {
		return fmt.Errorf("verifying: %w", err)
	}
	for _, e := range entries {
		if keyName.MatchString(e.Name()) {
			if err := v.gatherKey(s, key(e.Name()), "`ferry verify --remove "+work+"` removes it, and the run that needs it next makes it again"); err != nil {
				return err
			}
		}
	}
	return nil
}

// gatherKey adds the files that are complete of a result in a cache.
func (v *verification) gatherKey(s store, k key, remedy string) error {
	notes, err := filepath.Glob(filepath.Join(s.folder(k), "task-*.json"))
	if whole := filepath.Join(s.folder(k), done+".json"); isThere(whole, 0) {
		notes = []string{whole}
	}
	if err != nil {
		return fmt.Errorf("verifying: %w", err)
	}
	s.spoiled = func(note string, err error) {
		v.damaged(keptFile{path: note, key: k, store: s, remedy: remedy}, "is no note: "+err.Error())
	}
	for _, file := range notes {
		n, ok, err := s.read(k, strings.TrimSuffix(filepath.Base(file), ".json"))
		if err != nil {
			s.spoiled(file, err)
		}
		if !ok {
			continue
		}
		for table, parts := range n.Shards {
			for _, part := range parts {
				v.add(keptFile{path: s.shard(k, table, part.Number), Sum: part.Sum, table: &tables.Expected{Rows: part.Rows}, key: k, store: s, remedy: remedy})
			}
		}
		for name, c := range n.Model {
			v.add(keptFile{path: filepath.Join(s.model(k), filepath.FromSlash(name)), Sum: c, key: k, store: s, remedy: remedy})
		}
	}
	return nil
}

// readModel opens a model of which nobody noted what its files hold, and looks at every weight.
func (v *verification) readModel(ctx context.Context, folder string) {
	well := true
	wrong := func(problem string) {
		well = false
		v.damaged(keptFile{path: folder, remedy: "make it again"}, problem)
	}
	v.found.Files++
	m, err := openPretrained(ctx, folder, true)
	if err != nil {
		wrong(err.Error())
		return
	}
	for _, p := range m.Encoder.Parameters() {
		for _, x := range p.Data {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				wrong(p.Name + " has values that are no finite numbers")
				break
			}
		}
	}
	if well {
		v.found.Unknown++
	}
}
