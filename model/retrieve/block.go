package retrieve

import (
	"fmt"

	"github.com/ferry-clir/ferry/model/residual"
)

// A Block is documents as a codec has written them. Document i has the codes
// from Offsets[i] up to Offsets[i+1], and as many residuals.
type Block struct {
	Documents Documents
	Offsets   []int32
	Codes     []int32
	Residuals []byte // (codes, the codec's Bytes())

	first int   // the Documents before this one are none of the block's
	lists lists // of each scanRows of the Documents, one behind another; or none, and they are made anew for every search
}

// Documents says who the documents of a block are. It is asked for few of them,
// from several goroutines.
type Documents interface {
	Len() int
	Document(i int) Document
}

// len is the number of documents.
func (b Block) len() int { return len(b.Offsets) - 1 }

func (b Block) document(i int) Document { return b.Documents.Document(b.first + i) }

func (b Block) codes(i int) []int32 { return b.Codes[b.Offsets[i]:b.Offsets[i+1]] }

// slice is the documents from and up to to.
func (b Block) slice(from, to int) Block {
	b.first, b.Offsets = b.first+from, b.Offsets[from:to+1]
	return b
}

// Check returns what is wrong with a block: a codec reads back no other one than
// it wrote.
func (b Block) Check(codec *residual.Codec) error {
	if b.len() != b.Documents.Len() {
		return fmt.Errorf("there are %d offsets for %d documents", len(b.Offsets), b.Documents.Len())
	}
	if err := checkOffsets(b.Offsets, len(b.Codes), 1); err != nil {
		return err
	}
	if len(b.Residuals) != len(b.Codes)*codec.Bytes() {
		return fmt.Errorf("there are %d bytes of residuals for %d tokens, which should be %d for each", len(b.Residuals), len(b.Codes), codec.Bytes())
	}
	for i := range b.len() {
		for _, code := range b.codes(i) {
			if code < 0 || int(code) >= codec.Centroids() {
				return fmt.Errorf("document %q has the code %d, and the codec has %d centroids: another one wrote it", b.document(i).ID, code, codec.Centroids())
			}
		}
	}
	return nil
}
