package text

import (
	"fmt"
	"testing"
)

// BenchmarkDuplicates sketches and compares sentences of 60 characters, none like another.
func BenchmarkDuplicates(b *testing.B) {
	d := NewDuplicates(1_000_000, 0.8)
	bytes := 0
	for i := range b.N {
		s := fmt.Sprintf("%016x %016x %016x %08x", mix(uint64(i)), mix(uint64(i)<<32), mix(uint64(i)<<16), uint32(mix(uint64(i)+1)))
		bytes += len(s)
		d.Add(Digest(Part{"en", s}), sketchOf("en", s, 5))
	}
	b.SetBytes(int64(bytes / b.N))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
