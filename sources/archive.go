package sources

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// inArchive splits a pattern where it leads into an archive, as data/mtop.zip/en/eval.txt does; false if it does not.
func inArchive(pattern string) (archive, inner string, ok bool) {
	for folder := filepath.Dir(pattern); folder != filepath.Dir(folder); folder = filepath.Dir(folder) {
		if info, err := os.Stat(folder); err == nil {
			inner := strings.TrimPrefix(pattern[len(folder):], string(filepath.Separator))
			return folder, filepath.ToSlash(inner), info.Mode().IsRegular()
		}
	}
	return "", "", false
}

// endsIn tells of a name within an archive whether its last elements match the pattern: what stands before them is up
// to whoever packed it.
func endsIn(pattern string) func(name string) bool {
	n := strings.Count(pattern, "/") + 1
	return func(name string) bool {
		elements := strings.Split(name, "/")
		last := strings.Join(elements[max(0, len(elements)-n):], "/")
		fits, err := path.Match(pattern, last)
		return err == nil && fits
	}
}

// locateMember returns the archive if it has the file that a pattern names. Only a zip archive lists what it has: what
// is in another one will be known when it is read.
func locateMember(archive, inner string) (string, error) {
	if !strings.HasSuffix(archive, ".zip") && !namedTar(archive) {
		return "", fmt.Errorf("%s is neither a folder nor a .zip or .tar archive, bare or compressed", archive)
	}
	if names := memberNames(archive); len(names) > 0 && !slices.ContainsFunc(names, endsIn(inner)) {
		return "", fmt.Errorf("%s has no %s", archive, inner)
	}
	return archive, nil
}

// namedTar tells whether a file is called as tar archives are.
func namedTar(file string) bool {
	return slices.ContainsFunc([]string{".tar", ".tar.gz", ".tgz", ".tar.zst"}, func(ending string) bool { return strings.HasSuffix(file, ending) })
}

// isTar tells whether what in reads is a tar archive.
func (in *input) isTar() bool {
	const magicAt = 257
	head, _ := in.Peek(magicAt + 5) // shorter if the file is
	return len(head) == magicAt+5 && string(head[magicAt:]) == "ustar"
}

// untar moves to the first file of a tar archive that is wanted. All that stands before it is decompressed and skipped.
func (in *input) untar(wanted func(string) bool) error {
	archive := tar.NewReader(in.Reader)
	for {
		name, err := nextFile(archive)
		switch {
		case err == io.EOF:
			return errors.New("it has no file that is wanted")
		case err != nil:
			return err
		case wanted(name):
			in.path += "/" + legible(name)
			in.Reader = bufio.NewReaderSize(archive, 64<<10)
			return nil
		}
	}
}

// nextFile moves to the next file of a tar archive and returns its name; io.EOF after the last one.
func nextFile(archive *tar.Reader) (string, error) {
	for {
		entry, err := archive.Next()
		switch {
		case err != nil:
			return "", err
		case !filepath.IsLocal(entry.Name):
			return "", leadsOut(entry.Name)
		case isSparse(entry):
			return "", fmt.Errorf("it has a sparse file %q, which can be of any size", entry.Name)
		case entry.Typeflag == tar.TypeReg:
			return entry.Name, nil
		}
	}
}

// isSparse tells whether a file has holes, which are read as zeros and take no room in the archive.
func isSparse(entry *tar.Header) bool {
	for record := range entry.PAXRecords {
		if strings.HasPrefix(record, "GNU.sparse.") {
			return true
		}
	}
	return entry.Typeflag == tar.TypeGNUSparse
}

// leadsOut is the error of an archive made to be unpacked over other files. Nothing is unpacked here, but whoever made it
// is not to be trusted.
func leadsOut(name string) error {
	return fmt.Errorf("it has a file %q, whose path leads out of the archive", name)
}
