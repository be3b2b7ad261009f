package tokenizer

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkEncode encodes NTREX-128, ten languages of 1997 lines: with words that were met before in the cache, as in a
// large corpus, and with an empty one at the start; on one goroutine and on two. `make bench-ingest` compares with the Rust
// library in the same minutes.
func BenchmarkEncode(b *testing.B) {
	lines, size := ntrex(b)
	for _, name := range []string{"xlmr", "all-minilm-l6-v2", "bpe_llama3"} { // the last has too few pieces to compare with others
		for _, workers := range []int{1, 2} {
			for _, known := range []bool{true, false} {
				b.Run(fmt.Sprintf("%s/workers=%d/known=%v", name, workers, known), func(b *testing.B) {
					x := named(b, name)
					b.SetBytes(int64(size))
					b.ReportAllocs()
					for b.Loop() {
						if !known {
							x.scratch = sync.Pool{}
						}
						encodeAll(x, lines, workers)
					}
				})
			}
		}
	}
}

// BenchmarkOffsets encodes the same lines with the place of every token and without, on one goroutine.
func BenchmarkOffsets(b *testing.B) {
	lines, size := ntrex(b)
	for _, name := range []string{"xlmr", "all-minilm-l6-v2", "bpe_llama3"} {
		for _, offsets := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/offsets=%v", name, offsets), func(b *testing.B) {
				x, e := named(b, name), &Encoding{Offsets: offsets}
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					for _, line := range lines {
						if err := x.EncodeInto(e, Truncation{}, line); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
}

// encodeAll encodes lines in batches of 1000, which workers take as they come.
func encodeAll(x *Tokenizer, lines []string, workers int) {
	var next atomic.Int64
	var g sync.WaitGroup
	for range workers {
		g.Go(func() {
			var ids []int32
			for {
				first := int(next.Add(1000)) - 1000
				if first >= len(lines) {
					return
				}
				for _, line := range lines[first:min(first+1000, len(lines))] {
					ids = x.Encode(ids[:0], line)
				}
			}
		})
	}
	g.Wait()
}

// ntrex returns the lines of NTREX-128 and their size in bytes.
func ntrex(b *testing.B) (lines []string, size int) {
	files, _ := filepath.Glob(sharedData(b, "bitext/ntrex128") + "/*.txt")
	for _, file := range files {
		text, err := readFile(file)
		if err != nil {
			b.Fatal(err)
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			lines = append(lines, strings.TrimSuffix(line, "\r"))
			size += len(lines[len(lines)-1])
		}
	}
	return lines, size
}

func BenchmarkParse(b *testing.B) {
	file, err := readFile(sharedData(b, "xlmr_tokenizer/tokenizer.json.gz"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Parse(file); err != nil {
			b.Fatal(err)
		}
	}
}
