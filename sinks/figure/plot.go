package figure

import (
	"html/template"
	"math"
	"strings"
	"unicode/utf8"
)

// A Plot is curves, or points, over two axes.
type Plot struct {
	Title       string
	Description string // what it shows, for those who cannot see it
	X, Y        string // what the axes are of
	Series      []string
	Curves      []Curve
	Height      int // in pixels, without what is below the axis; 0 for 150
}

// A Curve is the points of one series, joined by a line, or marked and labelled each.
type Curve struct {
	Series int
	Points []Point
	Marked bool
}

// A Point has a label where it is marked, unless that is empty.
type Point struct {
	X, Y  float64
	Label string
}

const plotTop = 16 // room for the label of the highest line, in pixels

// HTML is the plot without its legend; nothing if there are no points.
func (p Plot) HTML() template.HTML {
	if p.Height == 0 {
		p.Height = 150
	}
	x, y, any := p.axes()
	if !any {
		return ""
	}
	down := func(value float64) float64 { return plotTop + float64(p.Height)*(1-y.place(value)) }
	drawn := drawnPlot{Plot: p, Bottom: plotTop + p.Height, Height: plotTop + p.Height + axisHeight, Ticks: x.ticksAcross(gutter)}
	for _, value := range y.ticks() {
		drawn.Lines = append(drawn.Lines, Tick{At: short(down(value)), Label: y.label(value)})
	}
	var labels labels
	for _, curve := range p.Curves {
		c := drawnCurve{Look: look(curve.Series, false), Title: p.Series[curve.Series]}
		var points []string
		for _, point := range curve.Points {
			if curve.Marked {
				mark := plotMark{X: across(gutter, x.place(point.X)), Y: short(down(point.Y)), Label: point.Label, Aside: "9", Anchor: "start",
					Title: strings.TrimPrefix(point.Label+", ", ", ") + c.Title + ": " + short(point.X) + ", " + short(point.Y)}
				if x.place(point.X) > 0.9 {
					mark.Aside, mark.Anchor = "-9", "end"
				}
				if !labels.fits(x.place(point.X), down(point.Y), point.Label) {
					mark.Label = "" // its title has it
				}
				c.Marks = append(c.Marks, mark)
				continue
			}
			points = append(points, short(plotUnits*x.place(point.X))+","+short(down(point.Y)))
		}
		c.Line = strings.Join(points, " ")
		drawn.Drawn = append(drawn.Drawn, c)
	}
	return execute("plot", drawn)
}

// labels are where labels stand, from the left and from the top in pixels, on a plot of a narrow window.
type labels []struct{ left, right, y float64 }

// fits tells whether there is room for a label beside a point, and takes it.
func (l *labels) fits(place, y float64, label string) bool {
	const width, character, height = 480, 7, 14
	left := place * width
	right := left + 9 + character*float64(utf8.RuneCountInString(label))
	if place > 0.9 {
		left, right = 2*left-right, left
	}
	for _, other := range *l {
		if left < other.right && right > other.left && math.Abs(y-other.y) < height {
			return false
		}
	}
	*l = append(*l, struct{ left, right, y float64 }{left, right, y})
	return true
}

// plotUnits is the width of lines before they are stretched to the plot's.
const plotUnits = 1000

func (p Plot) axes() (x, y axis, any bool) {
	left, right, low, high := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, curve := range p.Curves {
		for _, point := range curve.Points {
			left, right, low, high = min(left, point.X), max(right, point.X), min(low, point.Y), max(high, point.Y)
		}
	}
	if left > right {
		return x, y, false
	}
	return newAxis(left, right, 5), newAxis(low, high, 4), true
}

// Legend names the series of plots whose points are marked, if there are several.
func Legend(series []string) template.HTML { return execute("legend", legend(series, false)) }

// LineLegend names the series of plots that are lines, if there are several.
func LineLegend(series []string) template.HTML { return execute("lines", legend(series, false)) }

// drawnPlot is the plot with everything in its place.
type drawnPlot struct {
	Plot
	Bottom, Height int
	Ticks, Lines   []Tick
	Drawn          []drawnCurve
}

type drawnCurve struct {
	Look, Title, Line string
	Marks             []plotMark
}

type plotMark struct{ X, Y, Label, Title, Aside, Anchor string }
