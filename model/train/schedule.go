package train

import (
	"fmt"
	"math"
)

// The schedules of the learning rate after the warm-up, over which it rises linearly.
const (
	Linear   = "linear"   // falls linearly to 0 at the end
	Cosine   = "cosine"   // falls to 0 as half a cosine
	Constant = "constant" // stays at its peak
)

// Schedules are the names of the schedules.
var Schedules = []string{Linear, Cosine, Constant}

// rate is the learning rate of a step, counted from 0, of so many.
func (o Options) rate(step, steps int) float64 {
	warm := o.Warmup * float64(steps)
	rise, fall := float64(step+1)/warm, float64(steps-step)/(float64(steps)-warm)
	switch o.Schedule {
	case Cosine:
		fall = (1 - math.Cos(math.Pi*min(1, fall))) / 2
	case Constant:
		fall = 1
	}
	return o.LearningRate * min(1, rise, fall)
}

func checkSchedule(name string) error {
	switch name {
	case Linear, Cosine, Constant:
		return nil
	}
	return fmt.Errorf("unknown schedule %q: there are %s, %s and %s", name, Linear, Cosine, Constant)
}
