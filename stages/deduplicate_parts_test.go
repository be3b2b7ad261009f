package stages

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
)

// BenchmarkDeduplicateParts looks for near duplicates among 50,000 passages of 60 words in one piece, and as a part that is
// merged, by one worker. One in twenty is a near duplicate.
func BenchmarkDeduplicateParts(b *testing.B) {
	const rows = 50_000
	from := schemas.Table{Name: "documents", Schema: schemas.Documents()}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, from.Schema)
	var all, made []arrow.RecordBatch
	for i := range rows {
		r, passage := rand.New(rand.NewPCG(1, uint64(i-i%20/19))), make([]string, 60)
		for w := range passage {
			passage[w] = fmt.Sprintf("w%d", r.IntN(20_000))
		}
		for c, value := range []string{"en", fmt.Sprint(i), "", strings.Join(passage, " ") + fmt.Sprint(i)} {
			appendText(builder.Field(c), value)
		}
		if i%5000 == 4999 {
			all = append(all, builder.NewRecordBatch())
		}
	}
	d := NewDeduplicate()
	d.Near = 0.8
	out := schemas.Output{Allocator: memory.DefaultAllocator, Drop: func(string, int64) {}, Emit: func(arrow.RecordBatch) error { return nil }}
	sketched := out
	sketched.Emit = func(batch arrow.RecordBatch) error {
		batch.Retain()
		made = append(made, batch)
		return nil
	}
	job := Job{Workers: 1, Progress: func(int64, int64, string) {}, Outputs: map[string]schemas.Output{Part: sketched, "kept": out}}
	job.Tables = map[string][]schemas.Table{"from": {ofBatches(from, all)}}
	run := func(name string, do func() error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				made = nil
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/rows*1e6, "s/million")
		})
	}
	run("whole", func() error { _, err := d.Run(b.Context(), job); return err })
	run("sketched", func() error { return d.makePart(b.Context(), job) })
	job.Tables[Part] = []schemas.Table{ofBatches(schemas.Table{Schema: hashedInPart}, made)}
	run("merged", func() error { return d.merge(b.Context(), job) })
}
