package kernel

import "math"

// LayerNorm normalises every row of x, of (rows, d): dst = (x - mean)*rstd*gamma + beta, where rstd is
// 1/sqrt(variance + epsilon) and the variance is the biased one (arXiv 1607.06450). gamma and beta have d elements.
// mean and rstd take one value a row for LayerNormBackward, or are nil. dst may be x.
func LayerNorm(dst, x, gamma, beta []float32, rows, d int, epsilon float32, mean, rstd []float32) {
	checkRows(rows, d, dst, x)
	checkLength(len(gamma), d)
	checkLength(len(beta), d)
	if len(mean) != 0 && len(mean) != rows || len(rstd) != 0 && len(rstd) != rows {
		panic("kernel: mean or rstd does not have one element a row")
	}
	for i := range rows {
		in, out := x[i*d:(i+1)*d], dst[i*d:(i+1)*d]
		center, scale := active.layerNorm(out, in, gamma, beta, epsilon)
		if len(mean) > 0 {
			mean[i] = center
		}
		if len(rstd) > 0 {
			rstd[i] = scale
		}
	}
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
		active.layerNormBackward(dx[i*d:(i+1)*d], dgamma, dbeta, x[i*d:(i+1)*d], dy[i*d:(i+1)*d], gamma, mean[i], rstd[i])
	}
}

func checkRows(rows, d int, x, y []float32) {
	if rows < 0 || d < 1 || len(x) < rows*d || len(y) < rows*d {
		panic("kernel: matrix is shorter than its shape")
	}
}

// layerNormGeneric is LayerNorm for one row. Both sums are taken in float64.
func layerNormGeneric(dst, x, gamma, beta []float32, epsilon float32) (mean, rstd float32) {
	var sum, squares float64
	for _, v := range x {
		sum += float64(v)
	}
	mean = float32(sum / float64(len(x)))
	for _, v := range x {
		squares += float64((v - mean) * (v - mean))
	}
	rstd = float32(1 / math.Sqrt(squares/float64(len(x))+float64(epsilon)))
	dst, gamma, beta = dst[:len(x)], gamma[:len(x)], beta[:len(x)]
	for j, v := range x {
		dst[j] = (v-mean)*rstd*gamma[j] + beta[j]
	}
	return mean, rstd
}

// layerNormBackwardGeneric is LayerNormBackward for one row.
func layerNormBackwardGeneric(dx, dgamma, dbeta, x, dy, gamma []float32, mean, rstd float32) {
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
