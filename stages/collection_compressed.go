package stages

import (
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

// heldCodes are compressed token vectors, searched as search_compressed does by default.
type heldCodes struct {
	by       codec
	name     string // of the codec
	passages bool
	all      retrieve.Block
}

func newHeldCodes(ctx context.Context, schema *arrow.Schema, table schemas.Table) (*heldCodes, error) {
	by, err := readCodec(ctx, table)
	if err != nil {
		return nil, err
	}
	if by.means != nil && !by.means.all {
		return nil, fmt.Errorf("%s takes off the mean of a text's language, which is not known of a question that is asked by hand: compress with a codec of centre: documents, or none", table.Name)
	}
	return &heldCodes{by: by, name: by.name(), passages: schema.HasField(schemas.DocumentID), all: retrieve.Block{Offsets: []int32{0}}}, nil
}

func (h *heldCodes) add(batch arrow.RecordBatch) error {
	var b retrieve.Block
	if err := fill(&b, batch, h.name, h.by.Bytes()); err != nil {
		return err
	}
	before := len(h.all.Codes)
	if before+len(b.Codes) > math.MaxInt32 {
		return errors.New("more than 2^31 tokens are too many to hold: search a part of the documents, or all of them by search_compressed")
	}
	for _, offset := range b.Offsets[1:] {
		h.all.Offsets = append(h.all.Offsets, int32(before)+offset)
	}
	h.all.Documents = append(h.all.Documents, b.Documents...)
	h.all.Codes = append(h.all.Codes, b.Codes...)
	h.all.Residuals = append(h.all.Residuals, b.Residuals...)
	return nil
}

func (h *heldCodes) index(ctx context.Context) error {
	return h.all.MakeLists(ctx, h.by.Codec, runtime.GOMAXPROCS(0))
}

func (h *heldCodes) width() int { return h.by.Dimensions() }

func (h *heldCodes) tokens() bool { return true }

func (h *heldCodes) ask(ctx context.Context, asked model.Embedded, top int) ([]retrieve.Hit, error) {
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
