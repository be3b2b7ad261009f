package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// A mend is a row that a person has written in place of one that could not be used. It holds for the file as it was then:
// of another content, the offset means nothing.
type mend struct {
	File   string `json:"file"`   // as the configuration would name it
	SHA256 string `json:"sha256"` // of the file
	Path   string `json:"path"`   // as the quarantine names it: the file or, if that is an archive, file/member
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

// mended returns a source's mended rows as it reads them.
func (r *Run) mended(ctx context.Context, c source) func(path string) map[int64][]byte {
	return func(path string) map[int64][]byte {
		files, err := c.Files()
		if err != nil || len(r.pipeline.mends) == 0 {
			return nil
		}
		rows := map[int64][]byte{}
		for _, file := range files {
			if sum, err := r.hashes.sum(ctx, file); err == nil {
				for _, one := range r.pipeline.mends.of(r.pipeline.shown(file), sum) {
					if one.Path == r.pipeline.shown(path) {
						rows[one.Offset] = one.Row
					}
				}
			}
		}
		return rows
	}
}

// A place is where a row stands, which is what it is known by.
type place struct {
	path   string
	offset int64
}
