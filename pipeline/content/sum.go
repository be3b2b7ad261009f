package content

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
)

// A Sum is what a file holds. It is not known of what a ferry wrote that did not keep it yet.
type Sum struct {
	Bytes  int64  `json:"bytes,omitempty"`
	SHA256 string `json:"sha256,omitempty"` // in hexadecimal
}

// Read hashes a file, and tells how many bytes it has read since it told last; tell may be nil.
func Read(ctx context.Context, file string, tell func(bytes int)) (Sum, error) {
	f, err := os.Open(file)
	if err != nil {
		return Sum{}, err
	}
	defer f.Close()
	sum, err := Of(ctx, f, tell)
	if err != nil {
		return Sum{}, fmt.Errorf("%s: %w", file, err)
	}
	return sum, nil
}

// Of is Read for what is left to read.
func Of(ctx context.Context, r io.Reader, tell func(bytes int)) (Sum, error) {
	w := NewWriter(io.Discard)
	if _, err := io.CopyBuffer(w, &untilDone{ctx, r, tell}, make([]byte, 1<<20)); err != nil {
		return Sum{}, err
	}
	return w.Sum(), nil
}

// untilDone reads until the context is cancelled.
type untilDone struct {
	ctx  context.Context
	r    io.Reader
	tell func(bytes int)
}

func (u *untilDone) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := u.r.Read(b)
	if u.tell != nil {
		u.tell(n)
	}
	return n, err
}

// A Writer hashes what is written.
type Writer struct {
	to    io.Writer
	hash  hash.Hash
	bytes int64
}

// NewWriter returns a Writer that passes all on.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to, hash: sha256.New()} }

func (w *Writer) Write(data []byte) (int, error) {
	n, err := w.to.Write(data)
	w.hash.Write(data[:n])
	w.bytes += int64(n)
	return n, err
}

// Sum is that of what was written so far.
func (w *Writer) Sum() Sum { return Sum{w.bytes, hex.EncodeToString(w.hash.Sum(nil))} }
