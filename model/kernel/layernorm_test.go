package kernel

import (
	"math"
	"testing"
)

// Two rows of every length, far from 0, against the formulas in float64.
func TestLayerNormSizes(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, d := range sizes[1:] {
			const rows, epsilon = 2, 1e-3
			x, dy, out := random(r, rows*d, r.IntN(8)), random(r, rows*d, r.IntN(8)), newBuffer(rows*d, r.IntN(8))
			gamma, beta, dgamma, dbeta := random(r, d, 1), random(r, d, 2), random(r, d, 3), random(r, d, 4)
			mean, rstd := newBuffer(rows, 0), newBuffer(rows, 0)
			for i := range x.data {
				x.data[i] += 50
			}
			before := [2][]float32{append([]float32(nil), dgamma.data...), append([]float32(nil), dbeta.data...)}
			LayerNorm(out.data, x.data, gamma.data, beta.data, rows, d, epsilon, mean.data, rstd.data)
			want := make([]normalised, rows)
			for i := range want {
				want[i] = normalise(x.data[i*d:][:d], dy.data[i*d:][:d], gamma.data, epsilon)
				for j, h := range want[i].h {
					expect(t, d, "output", out.data[i*d+j], h*float64(gamma.data[j])+float64(beta.data[j]))
				}
			}
			LayerNormBackward(out.data, dgamma.data, dbeta.data, x.data, dy.data, gamma.data, mean.data, rstd.data, rows, d)
			for j := range d {
				g, b := float64(before[0][j]), float64(before[1][j])
				for i, w := range want {
					expect(t, d, "dx", out.data[i*d+j], w.dx[j])
					g += w.h[j] * float64(dy.data[i*d+j])
					b += float64(dy.data[i*d+j])
				}
				expect(t, d, "dgamma", dgamma.data[j], g)
				expect(t, d, "dbeta", dbeta.data[j], b)
			}
			for _, b := range []buffer{x, dy, out, gamma, beta, dgamma, dbeta, mean, rstd} {
				b.check(t)
			}
		}
	})
}

// Rows far from 0 that vary little lose nothing but what float32 cannot hold: the mean is within rounding, and equal
// elements are normalised to 0 even with a tiny epsilon.
func TestLayerNormOfOffsets(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := newRandom(t)
		for _, d := range []int{1, 7, 384, 1024, 4097} {
			x, y, one, zero := make([]float32, d), make([]float32, d), make([]float32, d), make([]float32, d)
			for i := range x {
				x[i], one[i] = 0.1, 1
			}
			LayerNorm(y, x, one, zero, 1, d, 1e-12, nil, nil)
			for _, v := range y {
				if v != 0 {
					t.Fatalf("%d equal elements are normalised to %g", d, v)
				}
			}
			sum, mean := 0.0, make([]float32, 1)
			for i := range x {
				x[i] = 1000 + float32(r.NormFloat64())
				sum += float64(x[i])
			}
			LayerNorm(y, x, one, zero, 1, d, 1e-12, mean, nil)
			if want := float32(sum / float64(d)); mean[0] != want {
				t.Errorf("the mean of %d elements is %.9g, want %.9g", d, mean[0], want)
			}
		}
	})
}

func expect(t *testing.T, d int, what string, got float32, want float64) {
	t.Helper()
	if !near(got, want, 1e-4) {
		t.Fatalf("rows of %d: %s is %g, want %g", d, what, got, want)
	}
}

// normalised is a row of x with mean 0 and variance 1, and the gradient of x, both in float64.
type normalised struct{ h, dx []float64 }

func normalise(x, dy, gamma []float32, epsilon float64) normalised {
	n := float64(len(x))
	var mean, variance, meanG, meanGH float64
	for _, v := range x {
		mean += float64(v) / n
	}
	for _, v := range x {
		variance += (float64(v) - mean) * (float64(v) - mean) / n
	}
	out := normalised{make([]float64, len(x)), make([]float64, len(x))}
	rstd := 1 / math.Sqrt(variance+epsilon)
	for j, v := range x {
		out.h[j] = (float64(v) - mean) * rstd
		g := float64(dy[j]) * float64(gamma[j])
		meanG += g / n
		meanGH += g * out.h[j] / n
	}
	for j := range x {
		out.dx[j] = rstd * (float64(dy[j])*float64(gamma[j]) - meanG - out.h[j]*meanGH)
	}
	return out
}
