package retrieve

import (
	"slices"

	"github.com/ferry-clir/ferry/model/residual"
)

// lists are inverted lists of at most scanRows documents: those with a token of
// centroid code are rows[starts[code]:starts[code+1]], in rising order, one for
// each such token.
type lists struct {
	starts []int32 // (centroids+1)
	rows   []uint16
}

// fill makes the lists of a block, whose codes are below centroids.
func (l *lists) fill(b Block, centroids int) {
	l.starts = slices.Grow(l.starts[:0], centroids+1)[:centroids+1]
	clear(l.starts)
	codes, ends := b.Codes[b.Offsets[0]:b.Offsets[b.len()]], l.starts[1:]
	for _, code := range codes {
		ends[code]++
	}
	before := int32(0)
	for code, n := range ends {
		ends[code] = before
		before += n
	}
	l.rows = slices.Grow(l.rows[:0], len(codes))[:len(codes)]
	for i := range b.len() {
		for _, code := range b.codes(i) {
			l.rows[ends[code]] = uint16(i)
			ends[code]++
		}
	}
}

// MakeLists makes what UseLists takes, for each scanRows documents after the
// other: starts (centroids+1) and rows, one a token. Errors are Check's and each's.
func (b Block) MakeLists(codec *residual.Codec, each func(starts []int32, rows []uint16) error) error {
	if err := b.Check(codec); err != nil {
		return err
	}
	var l lists
	for from := 0; from < b.len(); from += scanRows {
		l.fill(b.slice(from, min(b.len(), from+scanRows)), codec.Centroids())
		if err := each(l.starts, l.rows); err != nil {
			return err
		}
	}
	return nil
}

// UseLists prepares a block for being shown to many searches by the codec that
// MakeLists was called with: all starts and all rows that it made.
func (b *Block) UseLists(starts []int32, rows []uint16) { b.lists = lists{starts, rows} }

// listsOf are those that a block of at most scanRows documents has been given, or
// else they are made.
func (on *scan) listsOf(b Block, centroids int) lists {
	if b.lists.starts == nil {
		on.lists.fill(b, centroids)
		return on.lists
	}
	starts := b.lists.starts[b.first/scanRows*(centroids+1):]
	return lists{starts[:centroids+1], b.lists.rows[b.Offsets[0]:b.Offsets[b.len()]]}
}
