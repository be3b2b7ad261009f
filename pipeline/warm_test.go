package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// BenchmarkWarm runs what has been run before, where each of five tables has thousands of shards.
func BenchmarkWarm(b *testing.B) {
	for _, shards := range []int{1, 10_000} {
		b.Run(fmt.Sprintf("shards=%d", shards), func(b *testing.B) {
			file := putSmall(b)
			s := openStore(filepath.Join(filepath.Dir(file), ".ferry"), memory.DefaultAllocator)
			all := 0
			for k, n := range notes(b, s) {
				grow(b, s, k, n, shards)
				for _, parts := range n.Shards {
					all += len(parts)
				}
			}
			for b.Loop() {
				if err := run(b.Context(), b, file, Options{Workers: 1}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(all), "shards")
		})
	}
}

// grow has a step's tables end with so many copies of their last shard.
func grow(b *testing.B, s store, k key, n note, shards int) {
	b.Helper()
	for table, parts := range n.Shards {
		last := parts[len(parts)-1]
		for number := len(parts); number < shards; number++ {
			if err := os.Link(s.shard(k, table, last.Number), s.shard(k, table, number)); err != nil {
				b.Fatal(err)
			}
			copied := last
			copied.Number = number
			parts = append(parts, copied)
		}
		n.Shards[table] = parts
	}
	if err := s.write(k, done, n); err != nil {
		b.Fatal(err)
	}
}
