package kernel

import "math"

// LayerNorm normalises every row of x, of (rows, d): dst = (x - mean)*rstd*gamma + beta, where rstd is
// 1/sqrt(variance + epsilon) and the variance is the biased one (arXiv 1607.06450). gamma and beta have d elements.
// mean and rstd take one value a row for LayerNormBackward, or are nil. dst may be x.
func LayerNorm(dst, x, gamma, beta []float32, rows, d int, epsilon float32, mean, rstd []float32) {
	checkRows(rows, d, dst, x)
	checkLength(len(gamma), d)
	checkLength(len(beta), d)
	for i := range rows {
		in, out := x[i*d:(i+1)*d], dst[i*d:(i+1)*d]
		center, scale := moments(in, epsilon)
		for j, v := range in {
			out[j] = (v-center)*scale*gamma[j] + beta[j]
		}
		if mean != nil {
			mean[i] = center
		}
		if rstd != nil {
			rstd[i] = scale
		}
	}
}

// moments returns the mean of x and 1/sqrt(variance + epsilon).
func moments(x []float32, epsilon float32) (mean, rstd float32) {
	n := float64(len(x))
	center := sum(x) / n
	var s0, s1 float64
	for rest := x; len(rest) > 0; rest = rest[min(2, len(rest)):] {
		u := float64(rest[0]) - center
		s0 += u * u
		if len(rest) > 1 {
			v := float64(rest[1]) - center
			s1 += v * v
		}
	}
	return float32(center), float32(1 / math.Sqrt((s0+s1)/n+float64(epsilon)))
}

func sum(x []float32) float64 {
	var s0, s1 float64
	for len(x) >= 2 {
		s0 += float64(x[0])
		s1 += float64(x[1])
		x = x[2:]
	}
	for _, v := range x {
		s0 += float64(v)
	}
	return s0 + s1
}

// LayerNormBackward computes dx, of (rows, d), from dy and what LayerNorm was given and returned, and adds the
// gradients of gamma and beta to dgamma and dbeta, of d elements. With h = (x - mean)*rstd and g = dy*gamma,
// dx = rstd*(g - mean of g - h*(mean of g*h)). dx may be dy.
func LayerNormBackward(dx, dgamma, dbeta, x, dy, gamma, mean, rstd []float32, rows, d int) {
	checkRows(rows, d, dx, x)
	checkRows(rows, d, dx, dy)
	checkLength(len(gamma), d)
	checkLength(len(dgamma), d)
	checkLength(len(dbeta), d)
	checkLength(len(mean), rows)
	checkLength(len(rstd), rows)
	for i := range rows {
		layerNormRow(dx[i*d:(i+1)*d], dgamma, dbeta, x[i*d:(i+1)*d], dy[i*d:(i+1)*d], gamma, mean[i], rstd[i])
	}
}

// layerNormRow is LayerNormBackward for one row.
func layerNormRow(dx, dgamma, dbeta, x, dy, gamma []float32, mean, rstd float32) {
	var sumG, sumGH float64
	dx, dgamma, dbeta, dy, gamma = dx[:len(x)], dgamma[:len(x)], dbeta[:len(x)], dy[:len(x)], gamma[:len(x)]
	for j, v := range x {
		h, g := (v-mean)*rstd, dy[j]*gamma[j]
		sumG += float64(g)
		sumGH += float64(g * h)
		dgamma[j] += dy[j] * h
		dbeta[j] += dy[j]
	}
	meanG, meanGH := float32(sumG/float64(len(x))), float32(sumGH/float64(len(x)))
	for j, v := range x {
		h := (v - mean) * rstd
		dx[j] = rstd * (dy[j]*gamma[j] - meanG - h*meanGH)
	}
}

func checkRows(rows, d int, x, y []float32) {
	if rows < 0 || d < 1 || len(x) < rows*d || len(y) < rows*d {
		panic("kernel: matrix is shorter than its shape")
	}
}
