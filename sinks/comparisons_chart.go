package sinks

import (
	"cmp"
	"math"
	"strconv"

	"github.com/ferry-clir/ferry/schemas"
)

// Measures of the chart of gains, in its own units.
const (
	gainRow    = 22  // height of a variant
	gainNames  = 260 // width of the variants' names
	gainWidth  = 600 // width of what is beside them
	gainMargin = 24  // above and below
)

// A gainChart is the gains of variants with their intervals, a row a variant, beside a line at 0.
type gainChart struct {
	Width, Height, Bottom int
	Zero                  float64
	Ticks                 []gainTick
	Rows                  []gainMark
}

type gainTick struct {
	X     float64
	Label string
}

// A gainMark is a gain: hollow that of the low-resource languages, else that of the mean.
type gainMark struct {
	Name         string
	Y            float64
	Low, X, High float64
	Hollow       bool
}

// chart is the board's gains in the mean, and below each that of the low-resource languages; nil without a baseline.
func (b *comparedBoard) chart() *gainChart {
	var marks []gainMark
	least, most, row := 0.0, 0.0, 0
	for _, variant := range b.variants {
		drawn := false
		for _, group := range []string{schemas.GroupAll, schemas.GroupLowResource} {
			one, ok := b.of(variant, group)
			if !ok || one.gain == nil {
				continue
			}
			low := group == schemas.GroupLowResource
			mark := gainMark{Y: gainMargin + gainRow*(float64(row)+0.35), Low: 100 * *one.gainLow, X: 100 * *one.gain, High: 100 * *one.gainHigh, Hollow: low}
			if mark.Name = variant; low {
				mark.Name, mark.Y = "", mark.Y+gainRow*0.3
			}
			marks, drawn = append(marks, mark), true
			least, most = min(least, mark.Low), max(most, mark.High)
		}
		if drawn {
			row++
		}
	}
	if len(marks) == 0 {
		return nil
	}
	step := tickStep(most - least)
	least, most = step*math.Floor(least/step), step*math.Ceil(most/step)
	place := func(x float64) float64 {
		return math.Round(10*(gainNames+gainWidth*(x-least)/cmp.Or(most-least, 1))) / 10
	}
	for i := range marks {
		m := &marks[i]
		m.Low, m.X, m.High = place(m.Low), place(m.X), place(m.High)
	}
	c := &gainChart{Width: gainNames + gainWidth + 2*gainMargin, Bottom: gainMargin + gainRow*row, Zero: place(0), Rows: marks}
	c.Height = c.Bottom + gainMargin
	for k := math.Round(least / step); k <= math.Round(most/step); k++ {
		c.Ticks = append(c.Ticks, gainTick{place(k * step), tickLabel(k * step)})
	}
	return c
}

// tickStep is the smallest of 0.1, 0.2, 0.5, 1, 2, 5 and so on that divides width into eight parts or fewer.
func tickStep(width float64) float64 {
	for step := 0.1; ; step *= 10 {
		for _, times := range []float64{1, 2, 5} {
			if width <= 8*times*step {
				return times * step
			}
		}
	}
}

func tickLabel(x float64) string { return strconv.FormatFloat(math.Round(10*x)/10, 'f', -1, 64) }
