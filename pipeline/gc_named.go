package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// keptResults lists the results that are to be kept, with the reason.
func (p *Pipeline) keptResults(units []*unit, last int) (map[key]string, error) {
	named := map[key]string{}
	name := func(k key, because string) {
		if k != "" && named[k] == "" {
			named[k] = because
		}
	}
	for _, u := range units {
		name(u.key, "the plan of "+p.File)
	}
	if data, err := os.ReadFile(p.manifestFile()); err == nil {
		var m Manifest
		if err := json.Unmarshal(data, &m); err != nil {
			return nil, fmt.Errorf("reading %s: %w; remove it, or run again", p.shown(p.manifestFile()), err)
		}
		for _, s := range m.Steps {
			name(key(s.Key), "the manifest "+p.shown(p.manifestFile()))
		}
	}
	folders, err := os.ReadDir(filepath.Dir(p.runsFolder()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading runs: %w", err)
	}
	for _, folder := range folders {
		if err := p.nameRuns(folder.Name(), last, name); err != nil {
			return nil, err
		}
	}
	return named, nil
}

// nameRuns names what the last runs of a pipeline in the work folder made or used.
func (p *Pipeline) nameRuns(pipeline string, last int, name func(key, string)) error {
	other := &Pipeline{Name: pipeline, Work: p.Work}
	records, err := other.records()
	if err != nil {
		return err
	}
	tasks, err := readSteps(other.tasksFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; remove %s if that run does not matter", err, other.tasksFile())
	}
	for _, s := range tasks {
		name(s.Result, "tasks of "+pipeline)
	}
	records = slices.DeleteFunc(records, (*Record).unbegun)
	slices.Reverse(records)
	known := 0
	for _, r := range records {
		if last > 0 && known == last {
			break
		}
		steps, err := r.steps()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%w; remove %s if that run does not matter", err, r.stepsFile())
		}
		known++
		for _, s := range steps {
			name(s.Result, "runs of "+pipeline)
		}
	}
	if len(records) > 0 && known == 0 && pipeline != p.Name {
		return fmt.Errorf("it is not known what the runs of %s have made, which an older ferry ran in the same work folder: run it once more or, if it does not matter, remove %s", pipeline, other.runsFolder())
	}
	return nil
}
