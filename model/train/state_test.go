package train

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
)

// weightsOf are all weights of e in one slice.
func weightsOf(e *encoder.Encoder) (all []float32) {
	for _, p := range e.Parameters() {
		all = append(all, p.Data...)
	}
	return all
}

// TestResume stops a run after every tenth step and resumes it with another number of workers: records and weights are
// those of a run that was never stopped.
func TestResume(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"all":       func(*Options) {},
		"frozen":    func(o *Options) { o.Frozen = encoder.Frozen{Embeddings: true, Layers: 1} },
		"evaluated": func(o *Options) { o.Evaluate, o.EvaluateEvery = firstWeight, 7 },
		"remembering": func(o *Options) {
			o.Evaluate, o.EvaluateEvery, o.Remembered, o.MaxForgetting = firstWeight, 7, func() float64 { return 1 }, 0
		},
		"batches of tokens":  func(o *Options) { o.BatchTokens = 150 },
		"bf16, cosine":       func(o *Options) { o.Precision, o.Schedule = encoder.BFloat16, Cosine },
		"dropout":            func(o *Options) { o.Dropout = 0.1 },
		"checkpointing":      func(o *Options) { o.Dropout, o.GradientCheckpointing = 0.1, true },
		"lora":               func(o *Options) { o.Adapter, o.Evaluate, o.EvaluateEvery = adapters[0], firstQuery, 7 },
		"bottleneck":         func(o *Options) { o.Adapter, o.Dropout, o.LayerDecay = adapters[1], 0.1, 0.5 },
		"decay by the layer": func(o *Options) { o.LayerDecay, o.WeightDecay = 0.5, 0.1 },
	} {
		t.Run(name, func(t *testing.T) {
			d, o := distillation(Loss{OT, 1}, Loss{ContrastiveLoss, 0.1}), options()
			o.Epochs = 10
			change(&o)
			resumes(t, d, o)
		})
	}
}

func resumes(t *testing.T, d Job, o Options) {
	t.Helper()
	whole := tiny(2)
	want := run(t, whole, d, o)

	var state []byte
	for stopped := true; stopped; {
		var got []Record
		student := tiny(2)
		state, stopped, got = runTenSteps(t, student, d, o, state)
		if o.Workers = 5 - o.Workers; stopped {
			continue
		}
		if !slices.EqualFunc(got, want, equalRecords) {
			t.Errorf("records differ: %+v\n%+v", got, want)
		}
		if !slices.Equal(weightsOf(student), weightsOf(whole)) {
			t.Error("weights differ")
		}
	}
}

func firstWeight(_ context.Context, e *encoder.Encoder) (float64, error) {
	return float64(weightsOf(e)[0]), nil
}

// firstQuery is a weight that LoRA changes.
func firstQuery(_ context.Context, e *encoder.Encoder) (float64, error) {
	return float64(e.Parameters()[5].Data[0]), nil
}

func equalRecords(a, b Record) bool {
	return a.Step == b.Step && a.Epoch == b.Epoch && a.Loss == b.Loss && a.GradientNorm == b.GradientNorm && a.Value == b.Value
}

var errKilled = errors.New("killed")

// runTenSteps goes on from a state, and returns the one ten steps later unless the run ended before.
func runTenSteps(t *testing.T, student *encoder.Encoder, job Job, o Options, state []byte) (saved []byte, stopped bool, records []Record) {
	t.Helper()
	if state != nil {
		o.Resume = bytes.NewReader(state)
	}
	steps := 0
	o.Checkpoint = func(_ int, _ bool, write func(io.Writer) error) error {
		if steps++; steps < 10 {
			return nil
		}
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return err
		}
		saved = b.Bytes()
		return errKilled
	}
	err := Run(t.Context(), student, job, o, func(r Record) error {
		records = append(records, r)
		return nil
	})
	if err != nil && !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	return saved, err != nil, records
}

func TestDamagedState(t *testing.T) {
	d, o := distillation(Loss{OT, 1}), options()
	state, _, _ := runTenSteps(t, tiny(2), d, o, nil)
	for at := 0; at < len(state); at += 29989 {
		damaged := slices.Clone(state)
		damaged[at] ^= 0x10
		o.Resume = bytes.NewReader(damaged)
		fail(t, "resuming training: ", tiny(2), d, o)
		o.Resume = bytes.NewReader(state[:at])
		fail(t, "resuming training: ", tiny(2), d, o)
	}
	o.Resume = bytes.NewReader(state)
	o.Epochs++
	fail(t, ErrState.Error(), tiny(2), d, o)
	o.Resume = strings.NewReader("")
	fail(t, ErrState.Error(), tiny(2), d, o)
}

// TestCancelSaves cancels a run between two steps and within an evaluation: what was done is saved, and a
// run that goes on from there ends with the bits of one that was never cancelled.
func TestCancelSaves(t *testing.T) {
	d, o := distillation(Loss{OT, 1}), options()
	o.Epochs, o.EvaluateEvery, o.Evaluate = 4, 3, firstWeight // 12 steps
	whole := tiny(2)
	want := run(t, whole, d, o)
	for name, at := range map[string]func(cancel func(), o *Options){
		"evaluation": func(cancel func(), o *Options) {
			calls := 0
			o.Evaluate = func(ctx context.Context, e *encoder.Encoder) (float64, error) {
				if calls++; calls == 2 {
					cancel()
					return 0, ctx.Err()
				}
				return firstWeight(ctx, e)
			}
		},
		"step": func(cancel func(), o *Options) {
			o.Checkpoint = afterStep(6, cancel)
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		stopped, state := o, new(bytes.Buffer)
		at(cancel, &stopped)
		before := stopped.Checkpoint
		stopped.Checkpoint = func(step int, last bool, write func(io.Writer) error) error {
			if last {
				return write(state)
			}
			if before != nil {
				return before(step, last, write)
			}
			return nil
		}
		steps := 0
		err := Run(ctx, tiny(2), d, stopped, func(Record) error { steps++; return nil })
		if !errors.Is(err, context.Canceled) || state.Len() == 0 {
			t.Fatalf("%s: %d bytes saved after %d steps: %v", name, state.Len(), steps, err)
		}
		resumed, student := o, tiny(2)
		resumed.Resume = state
		if got := run(t, student, d, resumed); !slices.EqualFunc(got, want, equalRecords) || !slices.Equal(weightsOf(student), weightsOf(whole)) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func afterStep(step int, do func()) func(int, bool, func(io.Writer) error) error {
	return func(now int, _ bool, _ func(io.Writer) error) error {
		if now == step {
			do()
		}
		return nil
	}
}
