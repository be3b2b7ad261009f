package sources

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
)

// tarOf returns the one tar archive into which all patterns lead, and where in it they do; false if they do not.
func tarOf(patterns []string) (archive string, inner []string, ok bool) {
	for _, pattern := range patterns {
		file, within, ok := inArchive(pattern)
		if !ok || !namedTar(file) || archive != "" && file != archive {
			return "", nil, false
		}
		archive, inner = file, append(inner, within)
	}
	return archive, inner, archive != ""
}

// A tape is a tar archive that is read once, from its beginning to the last of the files that are wanted.
type tape struct {
	*input
	files    *tar.Reader
	patterns []string
	left     []int // indices of the patterns whose files have not come
}

func openTape(r reading, archive string, patterns []string) (*tape, error) {
	in, err := open(r, archive, nil)
	if err != nil {
		return nil, err
	}
	t := &tape{input: in, files: tar.NewReader(in), patterns: patterns}
	for i := range patterns {
		t.left = append(t.left, i)
	}
	if !in.isTar() {
		in.close()
		return nil, fmt.Errorf("opening %s: it is no tar archive", archive)
	}
	return t, nil
}

// next moves to the next file that is wanted: the first one that a pattern names. What stands before it is decompressed
// and skipped. The file can be read until next is called again.
func (t *tape) next() (pattern int, file *input, err error) {
	for {
		name, err := nextFile(t.files)
		if err == io.EOF {
			err = errors.New("it has no " + t.patterns[t.left[0]])
		}
		if err != nil {
			return t.left[0], nil, fmt.Errorf("opening %s: %w", t.path, damage(err))
		}
		i := slices.IndexFunc(t.left, func(i int) bool { return endsIn(t.patterns[i])(name) })
		if i < 0 {
			continue
		}
		pattern = t.left[i]
		t.left = slices.Delete(t.left, i, i+1)
		file = &input{Reader: bufio.NewReaderSize(t.files, 64<<10), path: t.path + "/" + legible(name)}
		if err := file.skipMark(); err != nil {
			return pattern, nil, fmt.Errorf("reading %s: %w", file.path, err)
		}
		return pattern, file, nil
	}
}

// scanTape is scanFiles for files of one tar archive, in the order in which they stand there.
func scanTape[T any](r reading, archive string, patterns []string, parse parser[T], yield func(int, *lines[T]) bool) {
	t, err := openTape(r, archive, patterns)
	if err != nil {
		yield(0, &lines[T]{err: err})
		return
	}
	defer t.close()
	for more := true; more && len(t.left) > 0; {
		pattern, file, err := t.next()
		l := &lines[T]{err: err}
		if err == nil {
			l = readLines(r, file, parse)
		}
		more = yield(pattern, l) && err == nil
		l.close()
	}
}
