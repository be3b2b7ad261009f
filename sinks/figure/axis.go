package figure

import (
	"cmp"
	"math"
	"strconv"
)

// An axis maps values to places, from one tick to another.
type axis struct {
	least, most, step float64
}

// newAxis reaches from least to most, both inclusive, in so many steps or fewer.
func newAxis(least, most float64, steps int) axis {
	for parts := steps; ; parts-- {
		step := tickStep(most-least, float64(parts))
		a := axis{step * math.Floor(least/step+1e-9), step * math.Ceil(most/step-1e-9), step}
		if parts == 1 || math.Round((a.most-a.least)/step) <= float64(steps) {
			return a
		}
	}
}

// tickStep is the smallest of 1, 2, 5, times a power of ten, that divides width into so many parts or fewer.
func tickStep(width, parts float64) float64 {
	if width <= 0 || math.IsInf(width, 0) || math.IsNaN(width) {
		return 1
	}
	for step := math.Pow(10, math.Floor(math.Log10(width/parts))); ; step *= 10 {
		for _, times := range []float64{1, 2, 5} {
			if width <= parts*times*step*(1+1e-9) {
				return times * step
			}
		}
	}
}

// place is where a value stands, from 0 to 1.
func (a axis) place(x float64) float64 { return (x - a.least) / cmp.Or(a.most-a.least, 1) }

// ticks are the values at which lines are drawn.
func (a axis) ticks() []float64 {
	var ticks []float64
	for k := math.Round(a.least / a.step); k <= math.Round(a.most/a.step); k++ {
		ticks = append(ticks, k*a.step)
	}
	return ticks
}

// label is a tick's value, with no more digits than the steps need.
func (a axis) label(x float64) string {
	decimals := max(0, int(math.Ceil(-math.Log10(a.step)-1e-9)))
	if x = math.Round(x/a.step) * a.step; x == 0 {
		x = 0 // not -0
	}
	return strconv.FormatFloat(x, 'f', decimals, 64)
}

// margin is the part of a chart's width on either side that nothing but marks reach into, in percent; gutter is that on the left
// of a plot, which has the labels of its lines.
const (
	margin = 2.5
	gutter = 12.0
)

// across is a place from 0 to 1 as a percentage of the chart's width, of which left is kept free.
func across(left, place float64) string { return short(left+(100-left-margin)*place) + "%" }

// short is a number with two decimals at most.
func short(x float64) string {
	return strconv.FormatFloat(math.Round(100*x)/100+0, 'f', -1, 64)
}

// A Tick is a line across a chart, and what is written at it.
type Tick struct{ At, Label string }

// ticksAcross are the ticks of an axis from left to right.
func (a axis) ticksAcross(left float64) []Tick {
	var ticks []Tick
	for _, x := range a.ticks() {
		ticks = append(ticks, Tick{across(left, a.place(x)), a.label(x)})
	}
	return ticks
}
