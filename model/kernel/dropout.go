package kernel

import "math"

// A Dropout sets elements to 0 at random, each with the given probability, and multiplies the others with
// 1/(1-probability), so that the expectation stays (arXiv 1207.0580). The probability is rounded to a multiple of 1/65536.
// What is dropped follows from the key and the element's place alone: the generator counts, it has no state
// (SplitMix64, doi 10.1145/2660193.2660195). The zero value drops nothing.
type Dropout struct {
	Probability float32 // from 0 to less than 1
	Key         uint64
}

// At returns the dropout of part i of what d is for, such as a layer: other keys drop independently.
func (d Dropout) At(i int) Dropout {
	d.Key = mix(d.Key + uint64(i)*golden64)
	return d
}

// Apply drops elements of x, a row of a matrix: the element's place is the number of the row and that in the row.
func (d Dropout) Apply(x []float32, row int) {
	if d.Probability == 0 {
		return
	}
	if !(d.Probability > 0 && d.Probability < 1) {
		panic("kernel: probability of dropout is not between 0 and 1")
	}
	threshold := min(uint64(d.Probability*65536+0.5), 65535)
	kept := math.Float32bits(65536 / float32(65536-threshold))
	state := d.At(row).Key
	for ; len(x) >= 4; x = x[4:] {
		state += golden64
		random, y := mix(state), (*[4]float32)(x) // 16 bits an element
		y[0] *= keep(random, threshold, kept)
		y[1] *= keep(random>>16, threshold, kept)
		y[2] *= keep(random>>32, threshold, kept)
		y[3] *= keep(random>>48, threshold, kept)
	}
	random := mix(state + golden64)
	for i := range x {
		x[i] *= keep(random>>(16*i), threshold, kept)
	}
}

// keep returns 0 if the lowest 16 bits of random are below the threshold, else the number whose bits are kept. It has no
// branch, which nobody could predict.
func keep(random, threshold uint64, kept uint32) float32 {
	dropped := uint32(int64(random&0xffff-threshold) >> 63) // all ones or 0
	return math.Float32frombits(kept &^ dropped)
}

// rows applies d to m rows of n elements, ld apart, the first of which is row i.
func (d Dropout) rows(i, m, n int, x []float32, ld int) {
	if d.Probability == 0 {
		return
	}
	for row := range m {
		d.Apply(x[row*ld:][:n], i+row)
	}
}

// golden64 is 2^64 divided by the golden ratio, as an odd number.
const golden64 = 0x9e3779b97f4a7c15

// mix is the finaliser of SplitMix64, a bijection after which all bits depend on all bits.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
