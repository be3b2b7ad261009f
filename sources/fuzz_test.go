package sources

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/ferry-clir/ferry/schemas"
)

// discard is an output that counts.
func discard(rejected, dropped *int) schemas.Output {
	return schemas.Output{Allocator: memory.DefaultAllocator, Emit: func(arrow.RecordBatch) error { return nil },
		Reject: func(schemas.Rejected) error { *rejected++; return nil }, Drop: func(_ string, n int64) { *dropped += int(n) }}
}

// fuzzLines reads content in pieces of so many bytes. Packing is how: a stream, by ranges, bgzip or zstd frames.
func fuzzLines[T any](content []byte, out schemas.Output, limit, piece, packing int, parse parser[T]) *lines[T] {
	r := newReading(context.Background(), out, limit)
	r.piece = piece
	in := &input{path: "x"}
	packed := content
	switch packing {
	case 0:
		in.Reader = bufio.NewReaderSize(bytes.NewReader(content), 16)
	case 1:
		in.ranges = &ranges{}
	case 2:
		in.ranges = &ranges{cut: memberSize, unpack: inflate}
		packed = packMembers(content, piece, member)
	case 3:
		in.ranges = &ranges{cut: frameSize, unpack: unpackFrame}
		packed = packMembers(content, piece, frame)
	}
	if in.ranges != nil {
		in.ranges.file, in.ranges.size = bytes.NewReader(packed), int64(len(packed))
	}
	return readLines(r, in, parse)
}

// packMembers compresses content in pieces of so many bytes.
func packMembers(content []byte, piece int, pack func([]byte) []byte) []byte {
	var packed []byte
	for part := range slices.Chunk(content, piece) {
		packed = append(packed, pack(part)...)
	}
	return packed
}

// member is a bgzip member, as the specification of SAM describes it.
func member(content []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, 1)
	if err != nil {
		panic(err)
	}
	w.Extra = []byte("BC\x02\x00\x00\x00")
	w.Write(content)
	w.Close()
	binary.LittleEndian.PutUint16(b.Bytes()[16:], uint16(b.Len()-1))
	return b.Bytes()
}

var frameWriter, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))

// frame is a zstd frame, with one of something else than data before it.
func frame(content []byte) []byte {
	return frameWriter.EncodeAll(content, []byte("\x5e\x2a\x4d\x18\x03\x00\x00\x00abc"))
}

// FuzzLines compares reading in pieces of any size, on several goroutines, with splitting the whole file at once.
func FuzzLines(f *testing.F) {
	for i, seed := range []string{"", "\n", "a", "a\nb\r\n\r\n", "\xff\x00\n\r", strings.Repeat("long ", 20) + "\nshort\n",
		strings.Repeat("\u0e2d\u0e48\u0e32\u0e19\t\"", 9) + "\r\n\n\xe0\xb8\n" + strings.Repeat("x", 300)} {
		f.Add([]byte(seed), 40, 3+i, i)
	}
	f.Fuzz(func(t *testing.T, content []byte, limit, piece, how int) {
		limit, piece = 1+int(uint(limit)%200), 1+int(uint(piece)%100)
		rejected, dropped := 0, 0
		out := discard(&rejected, &dropped)
		out.Workers = 1 + int(uint(how)/4%8)
		l := fuzzLines[struct{}](content, out, limit, piece, int(uint(how)%4), nil)
		defer l.close()
		want := bytes.SplitAfter(content, []byte("\n"))
		if len(want[len(want)-1]) == 0 {
			want = want[:len(want)-1]
		}
		offset := int64(0)
		for i, line := range want {
			if !l.scan() {
				t.Fatalf("line %d of %d is missing: %v", i+1, len(want), l.err)
			}
			text := bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
			problem, got := "", ""
			switch {
			case len(text) > limit:
				text, problem = text[:limit], lineTooLong
			case !utf8.Valid(text):
				problem = badUTF8
			case bytes.IndexByte(text, 0) >= 0:
				problem = nulByte
			case blank(text):
				problem = emptyRow.reason
			}
			if l.bad != nil {
				got = l.bad.reason
			}
			if !bytes.Equal(l.text, text) || got != problem || l.number != int64(i+1) || l.offset != offset {
				t.Fatalf("line %d at %d is %q %q, want %q %q at %d", l.number, l.offset, l.text, got, text, problem, offset)
			}
			offset += int64(len(line))
		}
		if l.scan() || l.err != nil {
			t.Fatalf("a line too many: %q, %v", l.text, l.err)
		}
	})
}

// accounted checks that every line of a file is used, dropped or rejected.
func accounted[T any](t *testing.T, content []byte, parse parser[T], check func(T)) {
	rejected, dropped, used := 0, 0, 0
	l := fuzzLines(content, discard(&rejected, &dropped), 1000, 64, 1, parse)
	defer l.close()
	if err := l.each(func() (*bad, error) { used++; check(l.value); return nil, nil }); err != nil {
		t.Fatal(err)
	}
	if all := bytes.Count(content, []byte("\n")); used+rejected+dropped < all || used+rejected+dropped > all+1 {
		t.Fatalf("%d used, %d rejected, %d dropped of %q", used, rejected, dropped, content)
	}
}

// FuzzUtterance checks that every line of MTOP is accounted for, and that skeletons are brackets alone.
func FuzzUtterance(f *testing.F) {
	f.Add([]byte("1\tIN:A\t0:1:SL:X\ttext\td\ten_XX\t[IN:A [SL:X text ] ]\t{}"))
	f.Add([]byte("\t\t\t\t\t\t[IN:\t"))
	f.Fuzz(func(t *testing.T, content []byte) {
		accounted(t, content, parseUtterance, func(u utterance) {
			bones := skeleton(u.form)
			if strings.Count(bones, "]") != bytes.Count(u.form, []byte("]")) || strings.ContainsAny(bones, " \t") {
				t.Fatalf("skeleton of %q is %q", u.form, bones)
			}
		})
	})
}

// FuzzHit does so for lines of TREC runs.
func FuzzHit(f *testing.F) {
	f.Add([]byte("1 Q0 d1 104 2.5 system"))
	f.Add([]byte("# comment\n1\tQ0\td\t1\tNaN\tx\n \n1 2 3"))
	f.Fuzz(func(t *testing.T, content []byte) {
		accounted(t, content, parseHit, func(h hit) {
			if len(h.query) == 0 || len(h.document) == 0 || math.IsNaN(h.score) {
				t.Fatalf("hit %v", h)
			}
		})
	})
}
