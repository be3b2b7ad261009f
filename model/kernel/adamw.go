package kernel

import "math"

// AdamWStep holds what AdamW needs beside the vectors. Correction1 is 1 - Beta1^t and Correction2 is 1 - Beta2^t at
// step t, counted from 1.
type AdamWStep struct {
	LearningRate, Beta1, Beta2, Epsilon, WeightDecay, Correction1, Correction2 float32
}

// AdamW takes one optimiser step with decoupled weight decay (arXiv 1711.05101, as PyTorch's AdamW computes it): w are
// the weights, m and v the running means of the gradient and of its square, all updated in place, g is the gradient.
func AdamW(s AdamWStep, w, m, v, g []float32) {
	checkLength(len(w), len(m))
	checkLength(len(w), len(v))
	checkLength(len(w), len(g))
	active.adamW(&s, w, m, v, g)
}

func adamWGeneric(s *AdamWStep, w, m, v, g []float32) {
	decay := 1 - s.LearningRate*s.WeightDecay
	rate := s.LearningRate / s.Correction1
	root := float32(1 / math.Sqrt(float64(s.Correction2)))
	m, v, g = m[:len(w)], v[:len(w)], g[:len(w)]
	for i, x := range g {
		m[i] = s.Beta1*m[i] + (1-s.Beta1)*x
		v[i] = s.Beta2*v[i] + (1-s.Beta2)*x*x
		deviation := float32(math.Sqrt(float64(v[i])))*root + s.Epsilon
		w[i] = decay*w[i] - rate*m[i]/deviation
	}
}
