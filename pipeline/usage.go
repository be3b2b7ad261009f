package pipeline

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/pipeline/host"
	"github.com/ferry-clir/ferry/sources"
)

// A usage is what a work folder holds, in bytes.
type usage struct {
	total   int64
	results map[key]int64 // of the cache
}

// usageOf adds up the files of a work folder, those of several names once; what cannot be looked at is not counted. It takes about
// 3 us a file.
func usageOf(work string) usage {
	u, seen := usage{results: map[key]int64{}}, map[uint64]bool{}
	cache := openStore(work, nil).root
	_ = filepath.WalkDir(work, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // removed meanwhile, or there is no folder yet
		}
		file, err := d.Info()
		if err != nil {
			return nil
		}
		inode, names := host.Links(file)
		if names > 1 && seen[inode] {
			return nil
		}
		seen[inode] = true
		u.total += file.Size()
		if below, ok := strings.CutPrefix(path, cache+string(filepath.Separator)); ok {
			result, _, _ := strings.Cut(below, string(filepath.Separator))
			u.results[key(result)] += file.Size()
		}
		return nil
	})
	return u
}

// text says how much of the work folder of p the largest of its units have, and how much is of other runs.
func (u usage) text(p *Pipeline, units []*unit) string {
	names := map[key]string{}
	for _, one := range units {
		if names[one.key] == "" {
			names[one.key] = one.name()
		}
	}
	var other int64
	rest := u.total
	sizes := map[string]int64{}
	for result, bytes := range u.results {
		rest -= bytes
		if name := names[result]; name != "" {
			sizes[name] = bytes
		} else {
			other += bytes
		}
	}
	largest := slices.SortedFunc(maps.Keys(sizes), func(a, b string) int { return cmp.Or(cmp.Compare(sizes[b], sizes[a]), cmp.Compare(a, b)) })
	var parts []string
	for _, name := range largest[:min(3, len(largest))] {
		parts = append(parts, name+" "+sources.SizeText(sizes[name]))
	}
	if other > 0 {
		parts = append(parts, "other runs and pipelines "+sources.SizeText(other))
	}
	parts = append(parts, "what is not the cache's "+sources.SizeText(rest))
	return fmt.Sprintf("the work folder %s holds %s (%s)", p.shown(p.Work), sources.SizeText(u.total), strings.Join(parts, ", "))
}
