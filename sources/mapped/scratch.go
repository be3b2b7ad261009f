package mapped

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
)

// A Scratch takes bytes that are written once and then read again and again, and need not be on the heap: they are in a file
// without a name, which nobody can change, below the folder that TMPDIR names. Where that cannot be mapped they are on the heap.
type Scratch struct {
	file   *os.File
	buffer *bufio.Writer
	size   int
}

// NewScratch returns an empty one.
func NewScratch() (*Scratch, error) {
	file, err := os.CreateTemp("", "ferry-*")
	if err != nil {
		return nil, err
	}
	os.Remove(file.Name()) // where a file that is open cannot be removed, Bytes does it
	return &Scratch{file: file, buffer: bufio.NewWriterSize(file, 1<<18)}, nil
}

// Write adds data.
func (s *Scratch) Write(data []byte) (int, error) {
	n, err := s.buffer.Write(data)
	s.size += n
	if err != nil {
		err = fmt.Errorf("%w; TMPDIR names a folder with more room", err)
	}
	return n, err
}

// Bytes ends writing and returns all that was written. It is valid as long as the Scratch is reachable.
func (s *Scratch) Bytes() ([]byte, error) {
	defer os.Remove(s.file.Name())
	defer s.file.Close()
	if err := s.buffer.Flush(); err != nil || s.size == 0 {
		return nil, err
	}
	data, err := mapPrivate(s.file, s.size)
	if err == nil {
		runtime.AddCleanup(s, unmap, data)
		return data, nil
	}
	data = make([]byte, s.size)
	_, err = io.ReadFull(io.NewSectionReader(s.file, 0, int64(s.size)), data)
	return data, err
}
