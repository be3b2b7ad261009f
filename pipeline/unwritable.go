package pipeline

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/ferry-clir/ferry/pipeline/host"
)

// unwritable finds the folders that sinks are to write to and may not, which is better known now than after a night.
func (p *Pipeline) unwritable(units []*unit) (found []error) {
	var known []string
	for _, u := range units {
		c, ok := u.step.component.(sink)
		if !ok || !u.needed {
			continue
		}
		for _, file := range c.Files() {
			folder := filepath.Dir(file)
			if slices.Contains(known, folder) {
				continue
			}
			known = append(known, folder)
			if err := host.Unwritable(folder); err != nil {
				found = append(found, fmt.Errorf("%s: nothing can be written to %s: %w", u.name(), p.shown(folder), err))
			}
		}
	}
	return found
}
