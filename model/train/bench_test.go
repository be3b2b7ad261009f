package train

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
)

// BenchmarkStep takes steps of 16 texts of 32 tokens on a model of e5-small's shape and 5,500 ids: masked language modelling
// beside distillation, whose teacher runs forward too. tokens/s are the student's.
func BenchmarkStep(b *testing.B) {
	const ids, texts, length = 5500, 512, 32
	e := encoder.New(encoder.NewConfig(encoder.BERT, 384, 12, 12, 1536, ids, 512), 1)
	r, all, units := rand.New(rand.NewPCG(1, 1)), Ragged{Offsets: []int32{0}}, []int32(nil)
	for range texts {
		for range length {
			all.IDs, units = append(all.IDs, int32(r.IntN(ids))), append(units, int32(len(units)))
		}
		all.Offsets = append(all.Offsets, int32(len(all.IDs)))
	}
	d, m := NewDistill(), NewMLM(e)
	d.Teacher, d.TeacherIDs, d.StudentTarget = e, all, all
	m.Texts, m.Units = all, units
	for _, variant := range []string{"distil-frozen", "mlm-frozen", "mlm-trained"} {
		b.Run(variant, func(b *testing.B) {
			o, job := NewOptions(), Job(d)
			o.Batch, o.Frozen.Embeddings = 16, strings.HasSuffix(variant, "frozen")
			if strings.HasPrefix(variant, "mlm") {
				job = m
			}
			t := newTrainer(job.objective(), o, e.CloneToTrain(o.Frozen))
			for b.Loop() {
				if _, err := t.take(b.Context()); err != nil {
					b.Fatal(err)
				}
				t.step %= texts / o.Batch
			}
			b.ReportMetric(float64(b.N*o.Batch*length)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
