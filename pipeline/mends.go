package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/ferry-clir/ferry/pipeline/content"
)

// A mend is a row that a person has written in place of one that could not be used. It holds for the file as it was then,
// and when lines have come after those: of another content, the offset means nothing.
type mend struct {
	File   string `json:"file"`   // as the configuration would name it
	SHA256 string `json:"sha256"` // of the file
	Bytes  int64  `json:"bytes,omitempty"`
	Path   string `json:"path"` // as the quarantine names it: the file or, if that is an archive, file/member
	Line   int64  `json:"line"`
	Offset int64  `json:"offset"`
	Row    []byte `json:"row"` // empty if the row is left out
}

// mends are those of a work folder, by path and offset.
type mends []mend

// mendsFile keeps them. It is the one file of the work folder that cannot be made again.
func (p *Pipeline) mendsFile() string { return filepath.Join(p.Work, "mended.json") }

func (p *Pipeline) readMends() (mends, error) {
	data, err := os.ReadFile(p.mendsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var m mends
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		return nil, fmt.Errorf("reading mended rows: %s: %w", p.shown(p.mendsFile()), err)
	}
	return m, nil
}

// find returns where the mend of a row stands, or would.
func (m mends) find(at place) (int, bool) {
	return slices.BinarySearchFunc(m, at, func(one mend, at place) int {
		return cmp.Or(cmp.Compare(one.Path, at.path), cmp.Compare(one.Offset, at.offset))
	})
}

// put adds a mend, in place of an earlier one of the same row.
func (m *mends) put(one mend) {
	i, found := m.find(place{one.Path, one.Offset})
	if !found {
		*m = slices.Insert(*m, i, mend{})
	}
	(*m)[i] = one
}

// of returns the mends of a file of that content.
func (m mends) of(file, sum string) mends {
	return slices.DeleteFunc(slices.Clone(m), func(one mend) bool { return one.File != file || one.SHA256 != sum })
}

// follow makes the mends of a file that has only grown hold for it as it is now, of that SHA-256; name is what they call it.
func (m mends) follow(ctx context.Context, file, name, sum string) error {
	begins := map[content.Sum]bool{}
	for i := range m {
		one, was := &m[i], content.Sum{Bytes: m[i].Bytes, SHA256: m[i].SHA256}
		if one.File != name || one.SHA256 == sum {
			continue
		}
		stat, err := os.Stat(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it is only planned yet
		} else if err != nil {
			return err
		}
		begun, known := begins[was]
		if !known && 0 < was.Bytes && was.Bytes < stat.Size() { // else a mend of an older ferry, or a file that has not grown
			if begun, err = beginsWith(ctx, file, was); err != nil {
				return err
			}
		}
		if begins[was] = begun; begun {
			one.SHA256, one.Bytes = sum, stat.Size()
		}
	}
	return nil
}

// beginsWith tells whether a file begins with what it was, and goes on with a line of its own.
func beginsWith(ctx context.Context, file string, was content.Sum) (bool, error) {
	f, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, was.Bytes-1); err != nil || last[0] != '\n' {
		return false, err
	}
	sum, err := content.Of(ctx, io.LimitReader(f, was.Bytes), nil)
	return sum == was, err
}

// lapsed is how many rows of a file of that content were mended in earlier contents, if no mend holds for this one.
func (m mends) lapsed(file, sum string) int {
	n := 0
	for _, one := range m {
		switch {
		case one.File == file && one.SHA256 == sum:
			return 0
		case one.File == file:
			n++
		}
	}
	return n
}

// tellLapsed warns of mended rows that are in vain, since their file has changed and has bad rows again.
func (r *Run) tellLapsed() {
	told := map[string]bool{}
	for _, b := range r.bad {
		c, ok := b.unit.step.component.(source)
		if !ok {
			continue
		}
		files, err := c.Files()
		if err != nil {
			continue // it is told where the hashes are written
		}
		for _, file := range files {
			name := r.pipeline.shown(file)
			if n := r.pipeline.mends.lapsed(name, r.hashes.Last(file)); n > 0 && !told[name] {
				told[name] = true
				r.options.Reporter.Warned(b.unit.name(), r.pipeline.secrets.Redact(fmt.Sprintf("%s has changed since %d of its rows were mended, none of which is any more: "+
					"list what is bad now with ferry replay %s --export LIST, mend that, and run ferry replay LIST %s", name, n, r.pipeline.shown(r.pipeline.quarantineFile()), r.pipeline.File)))
			}
		}
	}
}

// digest stands for the mends in a key; empty if there are none.
func (m mends) digest() string {
	if len(m) == 0 {
		return ""
	}
	data, err := json.Marshal(m)
	if err != nil {
		panic("pipeline: mends are plain values: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// mended returns a source's mended rows as it reads them; nil if no rows are.
func (r *Run) mended(ctx context.Context, c source) func(path string) map[int64][]byte {
	if len(r.pipeline.mends) == 0 {
		return nil
	}
	all := sync.OnceValue(func() map[string]map[int64][]byte { // by path
		rows := map[string]map[int64][]byte{}
		files, err := c.Files()
		for _, file := range files {
			sum, failed := r.hashes.Sum(ctx, file)
			if err != nil || failed != nil {
				continue
			}
			for _, one := range r.pipeline.mends.of(r.pipeline.shown(file), sum) {
				if rows[one.Path] == nil {
					rows[one.Path] = map[int64][]byte{}
				}
				rows[one.Path][one.Offset] = one.Row
			}
		}
		return rows
	})
	return func(path string) map[int64][]byte { return all()[r.pipeline.shown(path)] }
}

// A place is where a row stands, which is what it is known by.
type place struct {
	path   string
	offset int64
}
