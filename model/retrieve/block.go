package retrieve

import (
	"fmt"

	"github.com/ferry-clir/ferry/model/residual"
)

// A Block is documents as a codec has written them. Document i has the codes
// from Offsets[i] up to Offsets[i+1], and as many residuals.
type Block struct {
	Documents []Document
	Offsets   []int32
	Codes     []int32
	Residuals []byte // (codes, the codec's Bytes())

	lists []lists // one for each scanRows documents; or nil, and they are made anew for every search
}

func (b Block) codes(i int) []int32 { return b.Codes[b.Offsets[i]:b.Offsets[i+1]] }

// slice is the documents from and up to to; with lists, from is where one begins.
func (b Block) slice(from, to int) Block {
	if b.lists != nil {
		b.lists = b.lists[from/scanRows:]
	}
	b.Documents, b.Offsets = b.Documents[from:to], b.Offsets[from:to+1]
	return b
}

// Check returns what is wrong with a block: a codec reads back no other one than
// it wrote.
func (b Block) Check(codec *residual.Codec) error {
	if len(b.Offsets) != len(b.Documents)+1 {
		return fmt.Errorf("there are %d offsets for %d documents", len(b.Offsets), len(b.Documents))
	}
	if err := checkOffsets(b.Offsets, len(b.Codes), 1); err != nil {
		return err
	}
	if len(b.Residuals) != len(b.Codes)*codec.Bytes() {
		return fmt.Errorf("there are %d bytes of residuals for %d tokens, which should be %d for each", len(b.Residuals), len(b.Codes), codec.Bytes())
	}
	for i, document := range b.Documents {
		for _, code := range b.codes(i) {
			if code < 0 || int(code) >= codec.Centroids() {
				return fmt.Errorf("document %q has the code %d, and the codec has %d centroids: another one wrote it", document.ID, code, codec.Centroids())
			}
		}
	}
	return nil
}
