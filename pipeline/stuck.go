package pipeline

import (
	"os"
	"path/filepath"
	"strings"
)

// stuck is what is said of a run that timeout has ended before it came any further.
const stuck = "nothing new was finished meanwhile, so that another attempt will come no further: allow a longer timeout"

// kept tells whether the run has left something for another to go on from: a step, a task of one, or the state of training.
func (r *Run) kept() bool {
	for _, u := range r.units {
		folder := r.store.folder(u.key)
		entries, _ := os.ReadDir(folder) // of what is not begun there is none
		for _, e := range entries {
			if e.Name() != "checkpoint" && !strings.HasSuffix(e.Name(), ".json") {
				continue
			}
			if stat, err := os.Stat(filepath.Join(folder, e.Name())); err == nil && stat.ModTime().After(r.options.Record.Started) {
				return true
			}
		}
	}
	return false
}
