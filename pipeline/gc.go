package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/ferry-clir/ferry/pipeline/host"
	"github.com/ferry-clir/ferry/sources"
)

// GCOptions say what is removed from a cache.
type GCOptions struct {
	Last   int  // runs of each pipeline whose results are kept; 0 means all that are remembered
	DryRun bool // remove nothing
}

// Collected says what of a cache nothing names any more, and what is kept for which reason.
type Collected struct {
	Removed []CachedResult // or to be removed
	Kept    []CachedResult // by reason, then key
	Foreign []string       // files and folders that ferry has not written, which stay
	Freed   int64          // bytes
	DryRun  bool
}

// A CachedResult is what is kept of a step under its key.
type CachedResult struct {
	Folder  string
	Bytes   int64
	Changed time.Time // last
	Because string    // it is kept; empty if it is not
}

// GC removes from the cache of a checked pipeline what is named neither by its plan, its manifest, nor a run that is remembered of any
// pipeline in the work folder. While a run is at work there it is refused.
func (p *Pipeline) GC(ctx context.Context, o GCOptions) (*Collected, error) {
	if !o.DryRun {
		_, unlock, err := lock(p.Work)
		if err != nil {
			return nil, err
		}
		defer unlock()
	}
	s, units, err := p.layOut(ctx)
	if err != nil {
		return nil, err
	}
	named, err := p.keptResults(units, o.Last)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(s.root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading cache: %w", err)
	}
	c, freed := &Collected{DryRun: o.DryRun}, &space{left: map[uint64]uint64{}}
	for _, e := range entries {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err := p.collect(c, s, e, named, freed); err != nil {
			return nil, err
		}
	}
	c.Freed = freed.bytes
	slices.SortStableFunc(c.Kept, func(a, b CachedResult) int { return cmp.Compare(a.Because, b.Because) })
	return c, nil
}

// collect deals with an entry of the cache's folder. A link, wherever it leads to, is not ferry's.
func (p *Pipeline) collect(c *Collected, s store, e fs.DirEntry, named map[key]string, freed *space) error {
	name, path := e.Name(), filepath.Join(s.root, e.Name())
	if !e.IsDir() || !keyName.MatchString(name) {
		c.Foreign = append(c.Foreign, p.shown(path))
		return nil
	}
	r := CachedResult{Folder: path, Because: named[key(name)]}
	foreign, err := r.measure(freed)
	if err != nil {
		return fmt.Errorf("reading cache: %w", err)
	}
	for _, path := range foreign {
		c.Foreign = append(c.Foreign, p.shown(path))
	}
	switch {
	case r.Because == "" && !c.DryRun:
		_, err = s.remove(key(name))
	case r.Because != "" && !c.DryRun:
		err = sweepResult(path)
	}
	if isThere(filepath.Join(path, "checkpoint"), 0) && r.Because != "" {
		r.Because += ", with a checkpoint to go on from"
	}
	if r.Folder = p.shown(path); r.Because == "" {
		c.Removed = append(c.Removed, r)
	} else {
		c.Kept = append(c.Kept, r)
	}
	return err
}

// measure adds up the files of a result and, if they are to be removed, what becomes free on the disk. It lists what is not
// ferry's.
func (r *CachedResult) measure(freed *space) (foreign []string, err error) {
	err = filepath.WalkDir(r.Folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if filepath.Dir(path) == r.Folder && !ownName.MatchString(d.Name()) {
			foreign = append(foreign, path)
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		stat, err := d.Info()
		if err != nil || d.IsDir() {
			return err
		}
		if stat.ModTime().After(r.Changed) {
			r.Changed = stat.ModTime()
		}
		r.Bytes += stat.Size()
		if r.Because == "" {
			freed.add(stat)
		}
		return nil
	})
	return foreign, err
}

// A space is what becomes free on a disk when files are removed: those of several names do when the last goes.
type space struct {
	bytes int64
	left  map[uint64]uint64 // names, by inode
}

func (s *space) add(file fs.FileInfo) {
	inode, names := host.Links(file)
	if _, ok := s.left[inode]; !ok {
		s.left[inode] = names
	}
	if s.left[inode]--; names == 1 || s.left[inode] == 0 {
		s.bytes += file.Size()
	}
}

// Write lists what was removed, or is to be, and sums up what is kept and why. Paths are as the pipeline file would write them.
func (c *Collected) Write(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range c.Removed {
		fmt.Fprintf(table, "%s\t%s\tof %s\n", r.Folder, sources.SizeText(r.Bytes), r.Changed.Local().Format(time.DateTime))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	verb := "removed"
	if c.DryRun {
		verb = "to be removed"
	}
	text := fmt.Sprintf("%s: %d results, %s\n", verb, len(c.Removed), sources.SizeText(c.Freed))
	for at := 0; at < len(c.Kept); {
		because, bytes, from := c.Kept[at].Because, int64(0), at
		for ; at < len(c.Kept) && c.Kept[at].Because == because; at++ {
			bytes += c.Kept[at].Bytes
		}
		text += fmt.Sprintf("kept for %s: %d results, %s\n", because, at-from, sources.SizeText(bytes))
	}
	for _, path := range c.Foreign {
		text += path + ": left alone, since ferry has not written it\n"
	}
	_, err := io.WriteString(w, text)
	return err
}
