package sources

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// suffixes are those under which a file may stand in place of the bare one.
var suffixes = [...]string{"", ".gz", ".zst", ".zip"}

// Suffixes are those under which a file may stand in place of the bare one, "" among them.
func Suffixes() []string { return suffixes[:] }

// glob returns the files that a pattern names, sorted. A name without wildcards must exist.
func glob(pattern string) ([]string, error) {
	if _, err := os.Stat(pattern); err == nil {
		return []string{pattern}, nil
	}
	found, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pattern, err)
	}
	if len(found) == 0 {
		if strings.ContainsAny(pattern, "*?[") {
			return nil, fmt.Errorf("no file matches %s", pattern)
		}
		return nil, fmt.Errorf("%s does not exist", pattern)
	}
	slices.Sort(found)
	return found, nil
}

// globs returns the files that several patterns name, each once, in the order of the patterns.
func globs[P ~string](patterns []P) ([]string, error) {
	var files []string
	named := map[string]bool{}
	for _, pattern := range patterns {
		found, err := glob(string(pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range found {
			if !named[file] {
				files, named[file] = append(files, file), true
			}
		}
	}
	return files, nil
}

// locate returns the one file that a pattern names, bare or compressed under the same name with a suffix, or the archive
// that it leads into.
func locate(pattern string) (string, error) {
	if archive, inner, ok := inArchive(pattern); ok {
		return locateMember(archive, inner)
	}
	for _, suffix := range suffixes {
		found, err := glob(pattern + suffix)
		if err != nil {
			continue
		}
		if len(found) > 1 {
			return "", fmt.Errorf("%s names %d files, %s and %s among them", pattern+suffix, len(found), found[0], found[1])
		}
		return found[0], nil
	}
	_, err := glob(pattern)
	return "", err
}

// locateAll does so for several patterns and returns the files sorted.
func locateAll(patterns []string) ([]string, error) {
	var files []string
	for _, pattern := range patterns {
		file, err := locate(pattern)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// within returns the folder inside of path if it is there, else path: publishers' archives unpack to such folders.
func within(path, inside string) string {
	folder := filepath.Join(path, filepath.FromSlash(inside))
	if info, err := os.Stat(folder); err == nil && info.IsDir() {
		return folder
	}
	return path
}

// bare is the name of a file without folders and compression suffix.
func bare(file string) string {
	name := filepath.Base(file)
	for _, suffix := range suffixes[1:] {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// legible is the name of a file as it may stand in a table: old archives have names that are not UTF-8.
func legible(name string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(name, "\ufffd"), "\x00", "\ufffd")
}
