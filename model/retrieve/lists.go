package retrieve

import (
	"context"
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
	codes, ends := b.Codes[b.Offsets[0]:b.Offsets[len(b.Documents)]], l.starts[1:]
	for _, code := range codes {
		ends[code]++
	}
	before := int32(0)
	for code, n := range ends {
		ends[code] = before
		before += n
	}
	l.rows = slices.Grow(l.rows[:0], len(codes))[:len(codes)]
	for i := range b.Documents {
		for _, code := range b.codes(i) {
			l.rows[ends[code]] = uint16(i)
			ends[code]++
		}
	}
}

// MakeLists prepares a block for being shown to many searches. It takes about 3
// bytes a token; the block may not change afterwards. Errors are Check's.
func (b *Block) MakeLists(ctx context.Context, codec *residual.Codec, workers int) error {
	if err := b.Check(codec); err != nil {
		return err
	}
	all := make([]lists, (len(b.Documents)+scanRows-1)/scanRows)
	b.lists = nil
	err := inParallel(ctx, len(b.Documents), scanRows, max(1, workers), func(_, from, to int) {
		all[from/scanRows].fill(b.slice(from, to), codec.Centroids())
	})
	b.lists = all
	return err
}
