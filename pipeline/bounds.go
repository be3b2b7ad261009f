package pipeline

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/ferry-clir/ferry/pipeline/host"
	"github.com/ferry-clir/ferry/pipeline/strict"
	"github.com/ferry-clir/ferry/sources"
	"github.com/ferry-clir/ferry/stages"
)

// Bounds are what a pipeline may take of the machine. A size of 0 is no bound.
type Bounds struct {
	Memory   Size // of the process
	Disk     Size // of the work folder
	KeepFree Size // on every disk that is written to
}

// A Shortage is the error of a run for which memory or disk do not suffice, by the bounds in its file. What was finished is kept.
type Shortage struct{ Problem, Remedy string }

func (s *Shortage) Error() string { return s.Problem + "; " + s.Remedy }

// An estimator is a stage that can tell how much memory it is going to hold.
type estimator interface {
	Needs(in stages.Sizes) stages.Need
}

// foresee tells for what reasons the units that are needed cannot be made, as far as they are known before, and what to warn of.
func (p *Pipeline) foresee(units []*unit, past map[string]madeStep) (refusals []error, warnings []string) {
	ofMemory, warnings := p.foreseeMemory(units)
	ofDisk, more := p.foreseeDisk(units, past)
	return slices.Concat(p.unwritable(units), ofMemory, ofDisk), slices.Concat(p.foreseeEmptied(units, past), warnings, more)
}

// anyToMake tells whether there is anything to make, which is what takes memory and disk.
func anyToMake(units []*unit) bool {
	return slices.ContainsFunc(units, func(u *unit) bool { return u.needed && u.step.Section != "models" })
}

// foreseeDisk does so for disks.
func (p *Pipeline) foreseeDisk(units []*unit, past map[string]madeStep) (shortages []error, warnings []string) {
	if !anyToMake(units) {
		return nil, nil
	}
	sum, known, _ := forecastAll(units, past)
	take := ""
	if known > 0 {
		take = fmt.Sprintf(", and these steps take about %s", sources.SizeText(sum.bytes))
	}
	keep := p.Bounds.KeepFree
	switch free := host.Free(p.Work); {
	case free < 0:
	case keep.Bytes > 0 && free-sum.bytes < keep.Bytes:
		shortages = append(shortages, &Shortage{fmt.Sprintf("%s are free%s: less than keep_free: %s would be left", sources.SizeText(free), take, keep), freeDisk})
	case free < sum.bytes:
		warnings = append(warnings, fmt.Sprintf("there is not enough disk: %s are free%s; `ferry gc` may free some", sources.SizeText(free), take))
	}
	for _, folder := range sinkFolders(units) {
		if short := p.shortOfFree(folder); short != nil && len(shortages) == 0 {
			shortages = append(shortages, short)
		}
	}
	if p.Bounds.Disk.Bytes == 0 {
		return shortages, warnings
	}
	if held := usageOf(p.Work); held.total+workForecast(units, past) > p.Bounds.Disk.Bytes {
		shortages = append(shortages, &Shortage{fmt.Sprintf("%s%s: more than disk: %s", held.text(p, units), take, p.Bounds.Disk), freeDisk})
	}
	return shortages, warnings
}

// sinkFolders are the folders that sinks write into, on disks that may be others than the work folder's.
func sinkFolders(units []*unit) (folders []string) {
	for _, u := range units {
		if c, ok := u.step.component.(sink); ok {
			for _, file := range c.Files() {
				if folder := filepath.Dir(file); !slices.Contains(folders, folder) {
					folders = append(folders, folder)
				}
			}
		}
	}
	return folders
}

// shortOfFree tells whether less than keep_free is free on the disk of a folder; nil if not, or if that is not known.
func (p *Pipeline) shortOfFree(folder string) *Shortage {
	keep := p.Bounds.KeepFree
	free := host.Free(folder)
	if free < 0 || free >= keep.Bytes {
		return nil
	}
	remedy := freeDisk
	if folder != p.Work {
		remedy = "free some of it, keep less free, or choose another path"
	}
	return &Shortage{fmt.Sprintf("%s are free on the disk of %s, less than keep_free: %s", sources.SizeText(free), p.shown(folder), keep), remedy}
}

// freeDisk is what to do when there is too little of it.
const freeDisk = "remove what is of no use any more with `ferry gc`, allow more, or put the work folder elsewhere with --set work=FOLDER"

// workForecast is what the units add to the work folder, as far as that is known: sinks write elsewhere.
func workForecast(units []*unit, past map[string]madeStep) (bytes int64) {
	for _, u := range units {
		if f, ok := u.forecast(past); ok && u.needed && u.twin == nil && u.step.Section != "sinks" {
			bytes += f.bytes
		}
	}
	return bytes
}

// foreseeMemory does so for memory.
func (p *Pipeline) foreseeMemory(units []*unit) (shortages []error, warnings []string) {
	bound := p.Bounds.Memory
	if bound.Bytes == 0 || !anyToMake(units) {
		return nil, nil
	}
	if warning := bound.beyond(host.Memory()); warning != "" {
		warnings = append(warnings, warning+"; set memory lower")
	}
	if taken := host.Resident(); taken > bound.Bytes {
		shortages = append(shortages, &Shortage{fmt.Sprintf("ferry takes %s of memory before it begins, and memory: %s allows less", sources.SizeText(taken), bound), "allow more"})
	}
	for _, u := range units {
		if u.needed && u.twin == nil {
			if s := p.needsMore(u); s != nil {
				shortages = append(shortages, fmt.Errorf("%s %w", u.name(), s))
			}
		}
	}
	return shortages, warnings
}

// needsMore tells whether a unit is going to hold more memory than there may be, by what is known of its inputs now.
func (p *Pipeline) needsMore(u *unit) error {
	stage, ok := u.step.component.(estimator)
	if !ok || p.Bounds.Memory.Bytes == 0 {
		return nil
	}
	need := stage.Needs(u.sizes())
	if need.Bytes <= p.Bounds.Memory.Bytes {
		return nil
	}
	return &Shortage{fmt.Sprintf("holds at least %s in memory (%s), and memory: %s allows less", sources.SizeText(need.Bytes), need.What, p.Bounds.Memory), need.Remedy + ", or allow more"}
}

// sizes are what is known of a unit's inputs.
func (u *unit) sizes() stages.Sizes {
	types, _ := u.step.inputTypes(&strict.Found{})
	s := stages.Sizes{Types: types, Rows: map[string]int64{}, Bytes: map[string]int64{}}
	for _, in := range u.inputs {
		if in.model {
			continue
		}
		rows := in.readTable().rows()
		if rows < 0 {
			rows, _ = in.unit.estimate()
		}
		s.Rows[in.key] += rows
		s.Bytes[in.key] += in.readTable().bytes()
	}
	return s
}

// beyond is what to warn of if so much memory is more than there is, or than the process may take; 0 is unknown.
func (s Size) beyond(total, limit int64) string {
	switch {
	case limit > 0 && limit < s.Bytes:
		return fmt.Sprintf("memory: %s is beyond the %s that this process may take, by the limit of its container or service, and the system would kill it before", s, sources.SizeText(limit))
	case total > 0 && total < s.Bytes:
		return fmt.Sprintf("memory: %s is beyond the %s of this machine", s, sources.SizeText(total))
	}
	return ""
}
