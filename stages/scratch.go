package stages

import (
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model/retrieve"
)

// A Scratch takes bytes that are written once and then read again and again, and need not be on the heap.
type Scratch interface {
	io.Writer
	// Bytes ends writing and returns all that was written. It is valid as long as the Scratch is reachable.
	Bytes() ([]byte, error)
}

// scratched are numbers in a Scratch, which keep takes and all gives back.
type scratched[T arrow.FixedWidthType] struct{ Scratch }

func (s scratched[T]) keep(numbers ...T) error {
	_, err := s.Write(arrow.GetBytes(numbers))
	return err
}

func (s scratched[T]) all() ([]T, error) {
	data, err := s.Bytes()
	return arrow.GetData[T](data), err
}

// names are who documents are: the language of document i ends in text at ends[2*i+1], its id at ends[2*i+2].
type names struct {
	text []byte
	ends []int64
}

func (n names) Len() int { return len(n.ends) / 2 }

func (n names) Document(i int) retrieve.Document {
	from, middle, to := n.ends[2*i], n.ends[2*i+1], n.ends[2*i+2]
	return retrieve.Document{Language: string(n.text[from:middle]), ID: string(n.text[middle:to])}
}
