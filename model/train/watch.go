package train

import "fmt"

// What a run is given up for. Training from random weights passes through such states on its way, so that a run must
// stay in one for long, or end there.
const (
	collapsed = 0.999   // mean cosine between a batch's sentence vectors above which they tell texts apart no more
	worse     = 1.2     // times the loss at the start
	patience  = 100     // steps of a collapse
	same      = 0.99999 // the same where texts differ by rounding alone, and gradients with them: hopeless after as few steps
	hopeless  = 20      // steps of a collapse while the loss is worse than at the first step: no run comes back from there
	endurance = 200     // steps of a loss that is worse
	start     = 10      // steps whose mean loss is the loss at the start
	memory    = 0.9     // of the moving average of the loss
)

// A watch sees after every step whether the run still leads anywhere.
type watch struct {
	Alike     int       // steps in a row after which the sentence vectors were collapsed
	Same      int       // and after which they were the same
	Worse     int       // steps in a row after which the moving average of the loss was worse
	Unlearned float64   // loss at the first step, before any
	First     float64   // mean of the loss over the first steps
	Now       float64   // moving average of the loss
	Plans     plans     // of the transport
	Agreement agreement // of languages
}

// check returns an error that names the remedy. cosine is the mean one between the batch's sentence vectors.
func (w *watch) check(r *Record, cosine float64, o Options) error {
	if !finite(r.Loss) {
		return diverged("loss", r.Loss, r.Step, o)
	}
	if !finite(r.GradientNorm) {
		return diverged("gradient norm", r.GradientNorm, r.Step, o)
	}
	w.average(r)
	if w.Alike++; cosine <= collapsed {
		w.Alike = 0
	}
	if w.Same++; cosine <= same {
		w.Same = 0
	}
	lost := w.Same >= hopeless || w.Alike >= hopeless && w.Now > worse*w.Unlearned
	if lost || w.Alike >= patience || w.Alike > 0 && r.Step == r.Steps {
		return fmt.Errorf("the sentence vectors have collapsed, their mean cosine is %.5f at step %d (loss %.4f, %.4f at the first step): "+
			"%s, or add the contrastive loss", cosine, r.Step, r.Loss, w.Unlearned, o.slower())
	}
	if w.Worse++; r.Step <= start || w.Now <= worse*w.First {
		w.Worse = 0
	}
	if w.Worse >= endurance {
		return fmt.Errorf("the loss has been above its start for %d steps, %.4f at step %d after %.4f over the first %d: "+
			"%s or raise warmup (now %v)", w.Worse, w.Now, r.Step, w.First, start, o.slower(), o.Warmup)
	}
	return nil
}

// average follows the loss.
func (w *watch) average(r *Record) {
	if r.Step == 1 {
		w.Unlearned = r.Loss
	}
	if r.Step <= start {
		w.First += r.Loss / start
		w.Now = w.First * start / float64(r.Step)
		return
	}
	w.Now = memory*w.Now + (1-memory)*r.Loss
}

func diverged(what string, value float64, step int, o Options) error {
	if step == 1 {
		return fmt.Errorf("%s is %v at step 1, before anything was learned: the weights of the model, or of a teacher, are damaged", what, value)
	}
	return fmt.Errorf("%s is %v at step %d: %s or raise warmup (now %v)", what, value, step, o.slower(), o.Warmup)
}

// slower advises a learning rate.
func (o Options) slower() string {
	return fmt.Sprintf("lower learning_rate (now %v) to %.2g", o.LearningRate, o.LearningRate/10)
}
