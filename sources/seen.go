package sources

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"strconv"
)

// seen remembers keys, so that one that comes twice is found. Decimal ids below 2^32, as WikiCLIR's and mMARCO's, cost
// a bit each where they are dense and a page of 8 KiB where they are alone; other keys are kept as 128-bit hashes, about
// 30 bytes each, under seeds of this process: that two keys share a hash is less likely than a fault of the memory.
type seen struct {
	pages map[uint32]*[1024]uint64 // ids id>>16, a bit each
	other map[[2]uint64]struct{}
	seeds [2]maphash.Seed
}

func newSeen() *seen {
	return &seen{pages: map[uint32]*[1024]uint64{}, other: map[[2]uint64]struct{}{}, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

// add remembers an id and tells whether it is new.
func (s *seen) add(id []byte) bool {
	n, ok := decimal(id)
	if !ok {
		return s.addHash(id)
	}
	page := s.pages[n>>16]
	if page == nil {
		page = new([1024]uint64)
		s.pages[n>>16] = page
	}
	word, bit := &page[n>>6&1023], uint64(1)<<(n&63)
	fresh := *word&bit == 0
	*word |= bit
	return fresh
}

// has tells whether add was called with id.
func (s *seen) has(id []byte) bool {
	if n, ok := decimal(id); ok {
		page := s.pages[n>>16]
		return page != nil && page[n>>6&1023]>>(n&63)&1 == 1
	}
	_, ok := s.other[s.hash(id)]
	return ok
}

// addBoth remembers a key of two parts and tells whether it is new.
func (s *seen) addBoth(first, second []byte) bool {
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(first)))
	return s.addHash(length[:], first, second)
}

func (s *seen) addHash(parts ...[]byte) bool {
	key := s.hash(parts...)
	_, known := s.other[key]
	s.other[key] = struct{}{}
	return !known
}

func (s *seen) hash(parts ...[]byte) (key [2]uint64) {
	for i, seed := range s.seeds {
		var h maphash.Hash
		h.SetSeed(seed)
		for _, part := range parts {
			h.Write(part)
		}
		key[i] = h.Sum64()
	}
	return key
}

// decimal is the value of an id that is a number below 2^32 written without leading zeros.
func decimal(id []byte) (uint32, bool) {
	if len(id) == 0 || len(id) > 10 || id[0] == '0' && len(id) > 1 || bytes.IndexByte(id, '+') >= 0 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(id), 10, 32)
	return uint32(n), err == nil
}
