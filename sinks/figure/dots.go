package figure

import (
	"html/template"
	"math"
	"strconv"
)

// Dots is a chart of values with their intervals, a row for each thing that is measured.
type Dots struct {
	Title       string
	Description string   // what it shows, for those who cannot see it
	Series      []string // what the dots are of; the first is drawn hollow and grey if Baseline
	Baseline    bool
	Joined      bool // a row's dots stand on one line, joined from the first to the farthest
	FromZero    bool // the axis reaches to 0
	Rows        []DotRow
}

// A DotRow is the dots of one thing.
type DotRow struct {
	Label string
	Dots  []Dot
}

// A Dot is a value of a series. It has an interval unless Low and High are equal.
type Dot struct {
	Series       int
	X, Low, High float64
}

// Measures of the chart, in pixels.
const (
	rowHeight   = 26
	stacked     = 13 // height of a dot among several below each other
	axisHeight  = 26
	chartMargin = 6
)

// HTML is the chart with its legend; nothing if there are no dots.
func (d Dots) HTML() template.HTML {
	rows := len(d.Rows)
	d.Rows = d.Rows[:min(rows, mostRows)]
	a, any := d.axis()
	if !any {
		return ""
	}
	height := d.rowHeight()
	drawn := drawnDots{Dots: d, RowHeight: height, Bottom: chartMargin + height*len(d.Rows), Ticks: a.ticksAcross(margin)}
	drawn.Height = drawn.Bottom + axisHeight
	if d.FromZero || a.least < 0 && a.most > 0 {
		drawn.Zero = across(margin, a.place(0))
	}
	for r, row := range d.Rows {
		middle := float64(chartMargin+height*r) + float64(height)/2
		if d.Joined && len(row.Dots) > 1 {
			least, most := math.Inf(1), math.Inf(-1)
			for _, dot := range row.Dots {
				least, most = min(least, dot.X), max(most, dot.X)
			}
			y := short(middle)
			drawn.Spans = append(drawn.Spans, span{across(margin, a.place(least)), across(margin, a.place(most)), y})
		}
		for i, dot := range row.Dots {
			y := middle
			if !d.Joined {
				y += stacked * (float64(i) - float64(len(row.Dots)-1)/2)
			}
			mark := drawnDot{Series: d.look(dot.Series), X: across(margin, a.place(dot.X)), Y: short(y), Title: row.Label + ", " + d.Series[dot.Series] + ": " + short(dot.X)}
			if dot.Low != dot.High {
				mark.Low, mark.High = across(margin, a.place(dot.Low)), across(margin, a.place(dot.High))
				mark.Title += " (" + short(dot.Low) + " to " + short(dot.High) + ")"
			}
			drawn.Marks = append(drawn.Marks, mark)
		}
	}
	return execute("dots", drawn) + leftOut("rows", mostRows, rows)
}

// rowHeight has room for the row with most dots.
func (d Dots) rowHeight() int {
	most := 1
	for _, row := range d.Rows {
		most = max(most, len(row.Dots))
	}
	if d.Joined || most == 1 {
		return rowHeight
	}
	return stacked*most + rowHeight - stacked
}

func (d Dots) axis() (a axis, any bool) {
	least, most := math.Inf(1), math.Inf(-1)
	for _, row := range d.Rows {
		for _, dot := range row.Dots {
			least, most = min(least, dot.X, dot.Low), max(most, dot.X, dot.High)
		}
	}
	const steps = 5 // as many labels as stand side by side on a telephone
	if least > most {
		return axis{}, false
	}
	if d.FromZero {
		least, most = min(least, 0), max(most, 0)
	}
	return newAxis(least, most, steps), true
}

// look is the class of a series: its colour and shape.
func (d Dots) look(series int) string { return look(series, d.Baseline) }

// Looks is the number of colours and shapes; more series than that share them.
const Looks = 6

// look is the class of a series, of which the first may be a baseline's.
func look(series int, baseline bool) string {
	if baseline {
		series--
	}
	if series < 0 {
		return "base"
	}
	return "s" + strconv.Itoa(series%Looks)
}

// Legend names the series, if there are several.
func (d Dots) Legend() []Key { return legend(d.Series, d.Baseline) }

// A Key is an entry of a legend.
type Key struct{ Look, Name string }

func legend(series []string, baseline bool) []Key {
	if len(series) < 2 {
		return nil
	}
	var keys []Key
	for i, name := range series {
		keys = append(keys, Key{look(i, baseline), name})
	}
	return keys
}

// drawnDots is the chart with everything in its place.
type drawnDots struct {
	Dots
	RowHeight, Bottom, Height int
	Zero                      string
	Ticks                     []Tick
	Spans                     []span
	Marks                     []drawnDot
}

type span struct{ From, To, Y string }

type drawnDot struct{ Series, Low, X, High, Y, Title string }
