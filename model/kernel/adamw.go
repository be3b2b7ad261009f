package kernel

import "math"

// AdamWStep holds what AdamW needs beside the vectors. Correction1 is 1 - Beta1^t and Correction2 is 1 - Beta2^t at
// step t, counted from 1. Scale is what the gradient is multiplied by, such as to clip its norm.
type AdamWStep struct {
	LearningRate, Beta1, Beta2, Epsilon, WeightDecay, Correction1, Correction2, Scale float32
}

// AdamW takes one optimiser step with decoupled weight decay (arXiv 1711.05101, as PyTorch's AdamW computes it): w are
// the weights, m and v the running means of the gradient and of its square, all updated in place, g is the gradient.
func AdamW(s AdamWStep, w, m, v, g []float32) {
	checkLength(len(w), len(m))
	checkLength(len(w), len(v))
	checkLength(len(w), len(g))
	root := float32(1 / math.Sqrt(float64(s.Correction2)))
	active.adamW(1-s.LearningRate*s.WeightDecay, s.LearningRate/s.Correction1, root, s.Epsilon,
		s.Beta1, (1-s.Beta1)*s.Scale, s.Beta2, (1-s.Beta2)*s.Scale*s.Scale, w, m, v, g)
}

// adamWGeneric takes the step with what is the same for all elements worked out: decay is 1 - rate of learning *
// weight decay, rate and root undo the bias of m and of the square root of v, rest1 and rest2 are 1-beta1 and 1-beta2 times
// the gradient's scale and its square.
func adamWGeneric(decay, rate, root, epsilon, beta1, rest1, beta2, rest2 float32, w, m, v, g []float32) {
	m, v, g = m[:len(w)], v[:len(w)], g[:len(w)]
	for i, x := range g {
		m[i] = beta1*m[i] + rest1*x
		v[i] = beta2*v[i] + rest2*(x*x)
		deviation := float32(math.Sqrt(float64(v[i])))*root + epsilon
		w[i] = decay*w[i] - rate*m[i]/deviation
	}
}
