package sources

import (
	"bufio"
	"bytes"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// discard is an output that counts.
func discard(rejected, dropped *int) schemas.Output {
	return schemas.Output{Allocator: memory.DefaultAllocator, Emit: func(arrow.RecordBatch) error { return nil },
		Reject: func(schemas.Rejected) error { *rejected++; return nil }, Drop: func(_ string, n int64) { *dropped += int(n) }}
}

func fuzzLines(content []byte, out schemas.Output, limit int) *lines {
	return &lines{input: &input{Reader: bufio.NewReaderSize(bytes.NewReader(content), 16), path: "x"}, out: out, max: limit}
}

// FuzzLines compares the reader with splitting the whole file at once.
func FuzzLines(f *testing.F) {
	for _, seed := range []string{"", "\n", "a", "a\nb\r\n\r\n", "\xff\x00\n\r", strings.Repeat("long ", 20) + "\nshort\n"} {
		f.Add([]byte(seed), 40)
	}
	f.Fuzz(func(t *testing.T, content []byte, limit int) {
		limit = 1 + int(uint(limit)%200)
		rejected, dropped := 0, 0
		l := fuzzLines(content, discard(&rejected, &dropped), limit)
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
			problem := ""
			switch {
			case len(text) > limit:
				text, problem = text[:limit], lineTooLong
			case !utf8.Valid(text):
				problem = badUTF8
			case bytes.IndexByte(text, 0) >= 0:
				problem = nulByte
			}
			if !bytes.Equal(l.text, text) || l.problem != problem || l.number != int64(i+1) || l.offset != offset {
				t.Fatalf("line %d at %d is %q %q, want %q %q at %d", l.number, l.offset, l.text, l.problem, text, problem, offset)
			}
			offset += int64(len(line))
		}
		if l.scan() || l.err != nil {
			t.Fatalf("a line too many: %q, %v", l.text, l.err)
		}
	})
}

// FuzzUtterance checks that every line of MTOP is used, dropped or rejected, and that skeletons are brackets alone.
func FuzzUtterance(f *testing.F) {
	f.Add([]byte("1\tIN:A\t0:1:SL:X\ttext\td\ten_XX\t[IN:A [SL:X text ] ]\t{}"))
	f.Add([]byte("\t\t\t\t\t\t[IN:\t"))
	f.Fuzz(func(t *testing.T, content []byte) {
		rejected, dropped, used := 0, 0, 0
		l := fuzzLines(content, discard(&rejected, &dropped), 1000)
		for l.next() {
			u, ok, err := parseUtterance(l)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				continue
			}
			used++
			bones := skeleton(u.form)
			if strings.Count(bones, "]") != bytes.Count(u.form, []byte("]")) || strings.ContainsAny(bones, " \t") {
				t.Fatalf("skeleton of %q is %q", u.form, bones)
			}
		}
		if all := bytes.Count(content, []byte("\n")); used+rejected+dropped < all || used+rejected+dropped > all+1 {
			t.Fatalf("%d used, %d rejected, %d dropped of %q", used, rejected, dropped, content)
		}
	})
}

// FuzzHit does so for lines of TREC runs.
func FuzzHit(f *testing.F) {
	f.Add([]byte("1 Q0 d1 104 2.5 system"))
	f.Add([]byte("# comment\n1\tQ0\td\t1\tNaN\tx\n \n1 2 3"))
	f.Fuzz(func(t *testing.T, content []byte) {
		rejected, dropped, used := 0, 0, 0
		l := fuzzLines(content, discard(&rejected, &dropped), 1000)
		for l.next() {
			h, ok, err := parseHit(l)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				used++
				if len(h.query) == 0 || len(h.document) == 0 || math.IsNaN(h.score) {
					t.Fatalf("hit %v of %q", h, l.text)
				}
			}
		}
		if all := bytes.Count(content, []byte("\n")); used+rejected+dropped < all || used+rejected+dropped > all+1 {
			t.Fatalf("%d used, %d rejected, %d dropped of %q", used, rejected, dropped, content)
		}
	})
}
