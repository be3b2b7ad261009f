package stages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// heldCodes are compressed token vectors, searched as search_compressed does by default. All that grows with the documents is in
// scratches, and of that a question touches the inverted lists of the centroids near it, and the residuals of its candidates.
type heldCodes struct {
	by       codec
	name     string // of the codec
	passages bool
	count    int   // of tokens so far
	named    int64 // bytes of text so far
	all      retrieve.Block

	offsets, codes  scratched[int32]
	residuals, text scratched[byte]
	ends            scratched[int64]
	starts          scratched[int32]
	rows            scratched[uint16]
}

func newHeldCodes(ctx context.Context, schema *arrow.Schema, table schemas.Table, scratch func() (Scratch, error)) (*heldCodes, error) {
	by, err := readCodec(ctx, table)
	if err != nil {
		return nil, err
	}
	if by.means != nil && !by.means.all {
		return nil, fmt.Errorf("%s takes off the mean of a text's language, which is not known of a question that is asked by hand: compress with a codec of centre: documents, or none", table.Name)
	}
	h := &heldCodes{by: by, name: by.name(), passages: schema.HasField(schemas.DocumentID)}
	for _, s := range []*Scratch{&h.offsets.Scratch, &h.codes.Scratch, &h.residuals.Scratch, &h.text.Scratch, &h.ends.Scratch, &h.starts.Scratch, &h.rows.Scratch} {
		if *s, err = scratch(); err != nil {
			return nil, err
		}
	}
	return h, cmp.Or(h.offsets.keep(0), h.ends.keep(0))
}

func (h *heldCodes) add(batch arrow.RecordBatch) error {
	var b retrieve.Block
	if err := fill(&b, batch, h.name, h.by.Bytes()); err != nil {
		return err
	}
	if h.count+len(b.Codes) > math.MaxInt32 {
		return errors.New("more than 2^31 tokens are too many to hold: search a part of the documents, or all of them by search_compressed")
	}
	for i, offset := range b.Offsets[1:] {
		d := b.Documents.Document(i)
		middle := h.named + int64(len(d.Language))
		h.named = middle + int64(len(d.ID))
		if err := cmp.Or(h.offsets.keep(int32(h.count)+offset), h.text.keep([]byte(d.Language+d.ID)...), h.ends.keep(middle, h.named)); err != nil {
			return err
		}
	}
	h.count += len(b.Codes)
	return cmp.Or(h.codes.keep(b.Codes...), h.residuals.keep(b.Residuals...))
}

func (h *heldCodes) index(context.Context) error {
	var who names
	var failed [5]error
	h.all.Offsets, failed[0] = h.offsets.all()
	h.all.Codes, failed[1] = h.codes.all()
	h.all.Residuals, failed[2] = h.residuals.all()
	who.text, failed[3] = h.text.all()
	who.ends, failed[4] = h.ends.all()
	if err := errors.Join(failed[:]...); err != nil {
		return err
	}
	h.all.Documents = who
	err := h.all.MakeLists(h.by.Codec, func(starts []int32, rows []uint16) error {
		return cmp.Or(h.starts.keep(starts...), h.rows.keep(rows...))
	})
	if err != nil {
		return err
	}
	starts, err := h.starts.all()
	if err != nil {
		return err
	}
	rows, err := h.rows.all()
	h.all.UseLists(starts, rows)
	return err
}

func (h *heldCodes) width() int { return h.by.Dimensions() }

func (h *heldCodes) tokens() bool { return true }

func (h *heldCodes) ask(ctx context.Context, asked model.Embedded, top int) ([]retrieve.Hit, error) {
	defer runtime.KeepAlive(h) // and with it what is in the scratches
	if h.by.means != nil {
		retrieve.Centre(asked.TokenVectors, h.width(), h.by.means.vectors[""])
	}
	s := NewSearchCompressed()
	o := retrieve.CompressedOptions{K: top, Candidates: max(top, s.Candidates), Probes: s.Probes, Passages: h.passages}
	found, err := retrieve.NewCompressed(ctx, h.by.Codec, asked.TokenVectors, []int32{0, int32(len(asked.IDs))}, o, nil, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	if err := found.Add(ctx, h.all); err != nil {
		return nil, err
	}
	return found.Results()[0], nil
}
