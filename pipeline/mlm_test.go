package pipeline

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/measure"
	"github.com/ferry-clir/ferry/model/train"
	"github.com/ferry-clir/ferry/schemas"
)

// TestMLM adapts a model twice. It learns to guess words, the evaluations stand in the table, and a run that is stopped in the
// middle of either step goes on to the bytes of one that is not, at another number of workers.
func TestMLM(t *testing.T) {
	whole, file := folderWith(t, "mlm.yaml")
	if err := run(t.Context(), t, file, Options{Workers: 1}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"dapt", "tlm"} {
		table := filepath.Join(whole, "out", name+".parquet")
		loss, right := columnOf[*array.Float64](t, table, train.MLMLoss).Float64Values(), columnOf[*array.Float64](t, table, train.MaskedAccuracy).Float64Values()
		first, last := func(x []float64) float64 { return measure.Mean(x[:20]) }, func(x []float64) float64 { return measure.Mean(x[len(x)-20:]) }
		t.Logf("%s: %d steps, loss %.3f to %.3f, accuracy %.3f to %.3f", name, len(loss), first(loss), last(loss), first(right), last(right))
		if !(last(loss) < 0.98*first(loss) && last(right) > 0) {
			t.Errorf("%s: loss %v, accuracy %v", name, loss, right)
		}
		values := columnOf[*array.Float64](t, table, schemas.Value)
		if evaluated := values.Len() - values.NullN(); evaluated > 0 != (name == "tlm") {
			t.Errorf("%s: %d values", name, evaluated)
		}
	}
	folder, file := folderWith(t, "mlm.yaml")
	for _, stopped := range []string{"stages.dapt", "stages.tlm", ""} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		steps := 0
		err := run(ctx, t, file, Options{Workers: 3, Checkpoint: time.Hour, Reporter: &events{progress: func(step string) {
			if step != stopped {
				return
			}
			if steps++; steps == 30 {
				cancel()
			}
		}}})
		if stopped != "" && !errors.Is(err, context.Canceled) || stopped == "" && err != nil {
			t.Fatal(err)
		}
		if saved, _ := filepath.Glob(filepath.Join(folder, ".ferry/cache/mlm-*/checkpoint")); (len(saved) > 0) != (stopped != "") {
			t.Errorf("states that were saved: %v", saved)
		}
	}
	compare(t, outputs(t, folder), outputs(t, whole))
}
