// Package coefficients holds the numbers of activation.go in package kernel, for the commands that write its assembly.
package coefficients

// Exp are those of (e^r - 1 - r)/r^2 for |r| <= ln 2 / 2, the lowest first.
var Exp = [5]float64{0.49999993, 0.1666652, 0.041668388, 0.008368717, 0.0013814599}

// A Rational is 1/2 + x*P(x*x)/Q(x*x), within plus and minus Range and constant beyond. The lowest
// coefficient comes first.
type Rational struct {
	Range float64
	P     [6]float64
	Q     [6]float64
}

// GELU is the distribution function of the standard normal, and GELUBackward the derivative of x times it.
var (
	GELU = Rational{5.5,
		[6]float64{0.39894205, 0.0350625, 0.0047563279, 0.00018194183, 6.5141295e-06, 2.2221633e-08},
		[6]float64{1, 0.25455266, 0.029351743, 0.0019575271, 7.8255426e-05, 1.194283e-06}}
	GELUBackward = Rational{5.6,
		[6]float64{0.79788535, -0.030975361, 0.014226069, 1.9751261e-05, 3.5899298e-05, 1.9216741e-07},
		[6]float64{1, 0.29451958, 0.040983741, 0.0035226376, 0.00019205181, 8.9281751e-06}}
)
