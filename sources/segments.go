package sources

import (
	"fmt"
	"unicode/utf8"
)

// A segmentReader feeds bytes to an XML decoder, which would stop for good at what it cannot use or fill the memory
// with a text that does not end. Such bytes are replaced or skipped, and noted as a problem, so that the unit they stand
// in can be rejected and reading goes on.
type segmentReader struct {
	in  *input
	max int // longest stretch without markup in bytes

	problem string // reason for which what was read since forget cannot be used, or empty
	raw     []byte // what was read since forget, as it stands in the file, at most 64 KiB

	stretch int  // bytes since the last < or >
	entity  bool // within &...;
	rest    int  // bytes left of a character that has been checked
}

// forget begins anew to keep bytes and note problems.
func (s *segmentReader) forget() { s.problem, s.raw = "", s.raw[:0] }

// Read is not used: an XML decoder takes single bytes where it can.
func (s *segmentReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := s.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}

func (s *segmentReader) ReadByte() (byte, error) {
	b, err := s.in.ReadByte()
	if err != nil {
		return 0, err
	}
	s.keep(b)
	if b == '<' || b == '>' {
		s.stretch, s.entity = 0, false
		return b, nil
	}
	s.stretch++
	switch {
	case s.rest > 0:
		s.rest--
		return b, nil
	case s.stretch > s.max && !s.entity:
		return s.skip()
	case b == '&':
		s.entity = true
	case b == ';':
		s.entity = false
	case b >= utf8.RuneSelf:
		return s.checkRune(b)
	case b < ' ' && b != '\t' && b != '\n' && b != '\r':
		s.problem = nulByte
		if b != 0 {
			s.problem = badValue
		}
		return ' ', nil
	}
	return b, nil
}

// checkRune replaces the first byte of what is not a character that XML may hold.
func (s *segmentReader) checkRune(b byte) (byte, error) {
	if err := s.in.UnreadByte(); err != nil {
		return 0, err
	}
	head, _ := s.in.Peek(utf8.UTFMax) // shorter at the end of the file
	char, size := utf8.DecodeRune(head)
	if _, err := s.in.Discard(1); err != nil {
		return 0, err
	}
	if char == utf8.RuneError && size == 1 {
		s.problem = badUTF8
		return '?', nil
	}
	s.rest = size - 1
	return b, nil
}

// skip goes to the next markup, and returns its first byte.
func (s *segmentReader) skip() (byte, error) {
	s.problem = lineTooLong
	for {
		b, err := s.in.ReadByte()
		if err != nil {
			return 0, err
		}
		switch b {
		case '<':
			s.stretch = 0
			s.keep(b)
			return b, nil
		case '>':
			return 0, fmt.Errorf("markup of more than %d bytes", s.max)
		}
	}
}

func (s *segmentReader) keep(b byte) {
	if len(s.raw) < maxRaw {
		s.raw = append(s.raw, b)
	}
}
