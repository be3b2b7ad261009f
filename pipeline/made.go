package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

// A madeStep is what is remembered of a unit: what it depended on, where its result is, and what that took.
type madeStep struct {
	identity         // with hashes in place of texts
	Result   key     `json:",omitempty"`
	Made     bool    `json:",omitempty"` // in that run, rather than before
	Seconds  float64 `json:",omitempty"` // when it was made
	CPU      float64 `json:",omitempty"` // seconds, then
	Memory   int64   `json:",omitempty"` // bytes that a task of it took at most; 0 if it was not cut, or made within the run
	Rows     int64   `json:",omitempty"` // that it read then
	Bytes    int64   `json:",omitempty"` // of its result, or of what a sink wrote
	Failed   string  `json:",omitempty"` // why it could not be made since; without Result, ever
}

// stepsFile has all steps as each was made last, to say why it is made again, and why those failed that did since.
func (p *Pipeline) stepsFile() string { return filepath.Join(p.runsFolder(), "steps.json") }

// stepsFile has the steps of that run. It is written when the run begins, so that what a run leaves that was killed is known to
// be of use, and again when it ends.
func (r *Record) stepsFile() string { return strings.TrimSuffix(r.path, ".json") + ".steps.json" }

// tasksFile has the steps of processes that did tasks of a run of which the first, which has its record, has not ended well yet.
func (p *Pipeline) tasksFile() string { return filepath.Join(p.runsFolder(), "tasks.json") }

// steps are those of a run, by name; an error that is fs.ErrNotExist if it did not get so far, or an older ferry ran it.
func (r *Record) steps() (map[string]madeStep, error) { return readSteps(r.stepsFile()) }

func readSteps(file string) (map[string]madeStep, error) {
	steps := map[string]madeStep{}
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &steps)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the steps of a run: %w", err)
	}
	return steps, nil
}

// knownSteps are the units as they were made last, by name; empty if none is remembered.
func (p *Pipeline) knownSteps() map[string]madeStep {
	known := map[string]madeStep{}
	if data, err := os.ReadFile(p.stepsFile()); err == nil && json.Unmarshal(data, &known) != nil {
		return map[string]madeStep{} // it only says why
	}
	return known
}

// rememberSteps writes down the steps of the run: as it begins what they will be, as it ends what they were.
func (r *Run) rememberSteps() error {
	file := r.pipeline.tasksFile()
	switch {
	case len(r.units) == 0 || r.options.Record == nil && r.options.Share.whole():
		return nil
	case r.options.Record != nil:
		file = r.options.Record.stepsFile()
	}
	now := map[string]madeStep{}
	for _, u := range r.units {
		now[u.name()] = u.remembered(r.pipeline)
	}
	if err := writeJSON(file, now); err != nil {
		return fmt.Errorf("writing record of runs: %w", err)
	}
	return nil
}

// rememberMade writes down how the units were made that are made, and why others failed, for those the pipeline has now.
func (r *Run) rememberMade() error {
	known, now := r.pipeline.knownSteps(), map[string]madeStep{}
	for _, u := range r.units {
		name := u.name()
		if made, ok := known[name]; ok {
			now[name] = made
		}
		if u.isMade() {
			made := u.remembered(r.pipeline)
			made.Made = false
			now[name] = made
		}
	}
	for _, f := range r.failures {
		failed := now[f.unit.name()]
		failed.Failed = oneLine(r.pipeline.secrets.Redact(f.err.Error()))
		now[f.unit.name()] = failed
	}
	if len(now) == 0 || maps.EqualFunc(known, now, madeStep.same) {
		return nil
	}
	return writeJSON(r.pipeline.stepsFile(), now)
}

// isMade tells whether a unit's result is there, now that the run has ended.
func (u *unit) isMade() bool {
	return u.present || isClosed(u.ready) && !u.maker().failed
}

func (u *unit) remembered(p *Pipeline) madeStep {
	made := madeStep{identity: u.hidden(), Result: u.key}
	if u.isMade() {
		made.Made = !u.present && u.twin == nil
		made.Seconds, made.CPU, made.Memory = u.note.Seconds, u.note.CPU, u.note.Memory
		made.Rows, made.Bytes = rowsRead(u.note.Counts, u), u.note.bytes()
		for file := range u.note.Files {
			if stat, err := os.Stat(absolute(p.dir, file)); err == nil {
				made.Bytes += stat.Size()
			}
		}
	}
	return made
}

func (m madeStep) same(other madeStep) bool {
	return m.Result == other.Result && m.Seconds == other.Seconds && m.Bytes == other.Bytes && m.Failed == other.Failed && m.identity.same(other.identity)
}
