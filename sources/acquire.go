package sources

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sources/download"
)

// A Published file is one row of the catalogue.
type Published struct {
	Set     string // data set
	File    string // its path below the data set's folder in the cache
	URL     string
	Size    int64  // in bytes; approximate where there is no sum; 0 if unknown
	Sum     string // algorithm:digits; empty where none is published
	Licence string
}

// Catalogue returns every file that ferry knows where to download.
func Catalogue() []Published { return slices.Clone(catalogue) }

// acquired is what the sources share whose files are in the catalogue.
type acquired struct {
	// Download fetches the files that are missing from where they are published into the user's cache folder, which all
	// pipelines share. It takes the place of path. `ferry sources` lists files, sizes and licences.
	Download bool `yaml:"download"`
}

// pathMistakes checks path and download together.
func (a acquired) pathMistakes(given bool, what string) []schemas.Mistake {
	switch {
	case given && a.Download:
		return []schemas.Mistake{{Key: "path", Problem: "has nothing to say where download is true: files go to the cache folder, which FERRY_CACHE names"}}
	case !given && !a.Download:
		return []schemas.Mistake{{Key: "path", Problem: "names " + what + "; it is missing. download: true fetches a published one"}}
	}
	if a.Download {
		if _, err := download.Cache(); err != nil {
			return []schemas.Mistake{{Key: "download", Problem: err.Error()}}
		}
	}
	return nil
}

// catalogued returns the catalogue's rows of a data set, those named or all.
func catalogued(set string, files ...string) []Published {
	var rows []Published
	for _, row := range catalogue {
		if row.Set == set && (files == nil || slices.Contains(files, row.File)) {
			rows = append(rows, row)
		}
	}
	return rows
}

// dataFolder is where a data set lies in the cache. Validate has made sure that there is a cache.
func dataFolder(set string) string {
	cache, _ := download.Cache()
	return filepath.Join(cache, "datasets", filepath.FromSlash(set))
}

// Path is where the file lies, or will.
func (p Published) Path() string { return filepath.Join(dataFolder(p.Set), filepath.FromSlash(p.File)) }

func paths(files []Published) []string {
	var all []string
	for _, file := range files {
		all = append(all, file.Path())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Missing returns those files that have yet to be downloaded.
func Missing(files []Published) []Published {
	return slices.DeleteFunc(slices.Clone(files), func(p Published) bool {
		stat, err := os.Stat(p.Path())
		return err == nil && stat.Mode().IsRegular()
	})
}

// Weight says how large the file is: 3.5 GB, about 8.6 MB, or unknown size.
func (p Published) Weight() string { return Weight([]Published{p}) }

// Weight says how large files are together, as far as that is known.
func Weight(files []Published) string {
	var sum int64
	about, known := "", true
	for _, p := range files {
		sum += p.Size
		if p.Size > 0 && p.Sum == "" {
			about = "about "
		}
		known = known && p.Size > 0
	}
	switch {
	case sum == 0:
		return "unknown size"
	case !known:
		about = "more than "
	}
	return about + SizeText(sum)
}

// SizeText writes a number of bytes in the decimal unit that keeps it short.
func SizeText(n int64) string {
	value, units := float64(n), []string{"B", "kB", "MB", "GB", "TB"}
	for value >= 999.95 && len(units) > 1 {
		value, units = value/1000, units[1:]
	}
	if units[0] == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", value, units[0])
}

// Acquire downloads a file unless it is there. Another process that downloads from the same data set is waited for, and
// waiting told its number.
func Acquire(ctx context.Context, p Published, progress func(done, total int64), waiting func(owner string)) error {
	address, err := p.address()
	if err != nil {
		return err
	}
	unlock, err := download.Lock(ctx, dataFolder(p.Set), waiting)
	if err != nil {
		return fmt.Errorf("downloading %s: %w", p.URL, err)
	}
	defer unlock()
	if len(Missing([]Published{p})) == 0 {
		return nil
	}
	file := download.File{URL: address, Path: p.Path(), Size: -1, Sum: p.Sum}
	if p.Sum != "" {
		file.Size = p.Size
	}
	err = download.NewClient().Fetch(ctx, file, func(have int64) { progress(have, cmp.Or(p.Size, -1)) })
	if err != nil {
		return fmt.Errorf("downloading %s: %w", address, err)
	}
	return nil
}

// address is the file's URL or, where FERRY_MIRROR names a server that has copies, <mirror>/<host>/<path>.
func (p Published) address() (string, error) {
	mirror := os.Getenv("FERRY_MIRROR")
	if mirror == "" {
		return p.URL, nil
	}
	base, err := url.Parse(mirror)
	if err != nil || base.User != nil || !download.Secure(base) {
		return "", fmt.Errorf("FERRY_MIRROR must be an https address without a password (http only on this machine)")
	}
	return strings.TrimSuffix(mirror, "/") + "/" + strings.TrimPrefix(p.URL, "https://"), nil
}
