package train

import "fmt"

// What a run is given up for. Training from random weights passes through such states on its way, so that a run must
// stay in one for long, or end there.
const (
	collapsed = 0.999 // mean cosine between a batch's sentence vectors above which they tell texts apart no more
	worse     = 1.2   // times the loss at the start
	patience  = 100   // steps of a collapse
	endurance = 200   // steps of a loss that is worse
	start     = 10    // steps whose mean loss is the loss at the start
	memory    = 0.9   // of the moving average of the loss
)

// A watch sees after every step whether the run still leads anywhere.
type watch struct {
	Alike int     // steps in a row after which the sentence vectors were collapsed
	Worse int     // steps in a row after which the moving average of the loss was worse
	First float64 // mean of the loss over the first steps
	Now   float64 // moving average of the loss
}

// check returns an error that names the remedy. cosine is the mean one between the batch's sentence vectors.
func (w *watch) check(r *Record, cosine float64, o Options) error {
	if !finite(r.Loss) {
		return diverged("loss", r.Loss, r.Step, o)
	}
	if !finite(r.GradientNorm) {
		return diverged("gradient norm", r.GradientNorm, r.Step, o)
	}
	last := r.Step == r.Steps
	if w.Alike++; cosine <= collapsed {
		w.Alike = 0
	}
	if w.Alike >= patience || w.Alike > 0 && last {
		return fmt.Errorf("the sentence vectors have collapsed, their mean cosine is %.5f at step %d: lower learning_rate (now %v), "+
			"or add the contrastive loss", cosine, r.Step, o.LearningRate)
	}
	if r.Step <= start {
		w.First += r.Loss / start
		w.Now = w.First * start / float64(r.Step)
		return nil
	}
	w.Now = memory*w.Now + (1-memory)*r.Loss
	if w.Worse++; w.Now <= worse*w.First {
		w.Worse = 0
	}
	if w.Worse >= endurance {
		return fmt.Errorf("the loss has been above its start for %d steps, %.4f at step %d after %.4f over the first %d: "+
			"lower learning_rate (now %v) or raise warmup (now %v)", w.Worse, w.Now, r.Step, w.First, start, o.LearningRate, o.Warmup)
	}
	return nil
}

func diverged(what string, value float64, step int, o Options) error {
	return fmt.Errorf("%s is %v at step %d: lower learning_rate (now %v) or raise warmup (now %v)", what, value, step, o.LearningRate, o.Warmup)
}
