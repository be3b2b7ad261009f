package tokenizer

import (
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkEncode encodes NTREX-128, ten languages of 1997 lines, on one thread. On one core of Zen 3 it ran at 10 to 16
// MB/s with XLM-R's tokenizer and 11 to 16 with MiniLM's; in the same minutes the Rust library 0.23.3 did 0.74 and 1.3
// (encode_batch_fast, RAYON_NUM_THREADS=1).
func BenchmarkEncode(b *testing.B) {
	var lines []string
	files, _ := filepath.Glob(sharedData(b, "bitext/ntrex128") + "/*.txt")
	size := 0
	for _, file := range files {
		text, err := readFile(file)
		if err != nil {
			b.Fatal(err)
		}
		size += len(text)
		lines = append(lines, strings.Split(string(text), "\n")...)
	}
	for _, name := range []string{"xlmr", "all-minilm-l6-v2"} {
		b.Run(name, func(b *testing.B) {
			x := named(b, name)
			var ids []int32
			tokens := 0
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				tokens = 0
				for _, line := range lines {
					ids = x.Encode(ids[:0], line)
					tokens += len(ids)
				}
			}
			b.ReportMetric(float64(tokens)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
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
