package train

import (
	"fmt"

	"github.com/ferry-clir/ferry/model/ot"
)

// What is said of transport plans, and after how many steps.
const (
	even      = 0.5  // mean of ot.Spread above which plans are too even to tell tokens apart
	evenSteps = 50   // in a row; plans of a student with random weights are even for some
	unsolved  = 0.1  // share of the problems that did not converge
	sharp     = 0.02 // an epsilon that suits centred cosine costs
	sharply   = 0.15 // and one in standard deviations of the costs
)

// plans sees whether epsilon suits the costs.
type plans struct {
	Even                   int // steps in a row whose plans were too even
	Problems, NotConverged int // so far
	ToldEven, ToldUnsolved bool
}

// check adds warnings to a record. problems is the number of transport problems of the step.
func (p *plans) check(r *Record, problems int, t transported) {
	last := r.Step == r.Steps
	if p.Even++; r.PlanSpread <= even {
		p.Even = 0
	}
	if !p.ToldEven && (p.Even >= evenSteps || last && p.Even >= start) {
		p.ToldEven = true
		r.Warnings = append(r.Warnings, fmt.Sprintf("the transport plans hardly depend on the costs: for %d steps they have spread each token over "+
			"the other text by %.2f at step %d, where 0 is to one token and 1 to all alike; the loss falls, and retrieval with it: %s",
			p.Even, r.PlanSpread, r.Step, t.sharper()))
	}
	p.Problems, p.NotConverged = p.Problems+problems, p.NotConverged+r.NotConverged
	share := float64(p.NotConverged) / float64(max(1, p.Problems))
	if !p.ToldUnsolved && share > unsolved && (r.Step == evenSteps || last) {
		p.ToldUnsolved = true
		r.Warnings = append(r.Warnings, fmt.Sprintf("%.0f %% of %d transport problems were not solved to the tolerance (%v) within %d iterations, "+
			"the mean marginal error is %.2g at step %d: %s", 100*share, p.Problems, t.options.Tolerance, t.options.Iterations, r.MarginalError, r.Step, t.blunter()))
	}
}

// suitable is an epsilon to try.
func (t transported) suitable() float64 {
	if t.options.Relative {
		return sharply
	}
	return sharp
}

func (t transported) sharper() string {
	epsilon, try := float64(t.options.Epsilon), t.suitable()
	if epsilon <= try {
		try = epsilon / 4
	}
	advice := fmt.Sprintf("lower epsilon (now %.3g) to %.2g", epsilon, try)
	if t.centre == nil {
		advice = "set centre to true, or " + advice
	}
	return advice
}

func (t transported) blunter() string {
	advice := fmt.Sprintf("raise iterations (now %d) to %d", t.options.Iterations, max(10*t.options.Iterations, ot.DefaultOptions().Iterations))
	if epsilon := t.options.Epsilon; epsilon < float32(t.suitable()) {
		advice = fmt.Sprintf("raise epsilon (now %.3g) to %.2g, or %s", epsilon, t.suitable(), advice)
	}
	return advice + ", or take solver exact"
}
