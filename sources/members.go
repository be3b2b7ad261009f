package sources

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const maxMember = 64 << 10 // bytes of a bgzip member, packed or not

// memberSize is that of a bgzip member, which says so itself in an extra field BC of its header.
func memberSize(file io.ReaderAt, at int64) int64 {
	var head [18]byte
	if _, err := file.ReadAt(head[:], at); err != nil {
		return 0
	}
	const extra = 4 // flag
	if !bytes.HasPrefix(head[:], gzipMagic) || head[3] != extra || string(head[10:16]) != "\x06\x00BC\x02\x00" {
		return 0
	}
	return int64(binary.LittleEndian.Uint16(head[16:])) + 1
}

var inflaters = sync.Pool{New: func() any { return new(gzip.Reader) }}

// inflate decompresses a bgzip member.
func inflate(packed, buf []byte) ([]byte, error) {
	size := int(binary.LittleEndian.Uint32(packed[len(packed)-4:]))
	if size > maxMember {
		return nil, errors.New("a bgzip member says that it is larger than 64 KiB")
	}
	z := inflaters.Get().(*gzip.Reader)
	defer inflaters.Put(z)
	if err := z.Reset(bytes.NewReader(packed)); err != nil {
		return nil, err
	}
	buf = sized(buf, size+1)
	n, err := io.ReadFull(z, buf) // one byte more, so that the checksum is looked at
	if err == nil || n < size && err == io.ErrUnexpectedEOF {
		return nil, errors.New("a bgzip member is not as large as it says")
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return buf[:n], err
}

// A zstd frame is unpacked as a whole if it has at most frameBlocks blocks of 128 KiB, which is 8 MiB.
const frameBlocks = 64

// frameSize is that of a zstd frame, 0 if it is too large. A frame of something else than data, to be skipped, counts.
func frameSize(file io.ReaderAt, at int64) int64 {
	var head [zstd.HeaderMaxSize]byte
	n, _ := file.ReadAt(head[:], at) // less at the end of the file
	var h zstd.Header
	if h.Decode(head[:n]) != nil || h.HasFCS && h.FrameContentSize > frameBlocks*(128<<10) {
		return 0
	}
	size := int64(h.HeaderSize)
	if h.Skippable {
		return size + int64(h.SkippableSize)
	}
	for range frameBlocks {
		var block [3]byte
		if _, err := file.ReadAt(block[:], at+size); err != nil {
			return 0
		}
		header := int64(block[0]) | int64(block[1])<<8 | int64(block[2])<<16 // last block, kind in two bits, size
		const repeated = 1                                                   // of a single byte
		size += int64(len(block))
		if header>>1&3 == repeated {
			size++
		} else {
			size += header >> 3
		}
		if header&1 == 1 {
			if h.HasCheckSum {
				size += 4
			}
			return size
		}
	}
	return 0
}

var frames = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxWindow(maxWindow))
})

// unpackFrame decompresses a zstd frame.
func unpackFrame(packed, buf []byte) ([]byte, error) {
	d, err := frames()
	if err != nil {
		return nil, err
	}
	return d.DecodeAll(packed, buf[:0])
}
