package sinks

import (
	"context"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks/figure"
)

// curves are tables of training: for each column that is drawn a curve a table.
type curves struct {
	names   []string // of the tables
	columns []string
	values  map[string][]*curve // by column, then table
}

// lastColumns are drawn after the losses.
var lastColumns = []string{schemas.Value, schemas.Remembered, schemas.MarginalError}

// columnTitles are what columns are called; others are losses.
var columnTitles = map[string]string{schemas.Loss: "weighted sum of the losses", schemas.Value: "measure on the dev set, in percent",
	schemas.Remembered: "the same in the language that must not be forgotten", schemas.MarginalError: "marginal error of the plans"}

func readCurves(ctx context.Context, tables []schemas.Table) (*curves, error) {
	c := &curves{values: map[string][]*curve{}}
	for t, table := range tables {
		c.names = append(c.names, strings.TrimSuffix(table.Name, ".training"))
		for _, name := range curveColumns(table) {
			if c.values[name] == nil {
				c.columns, c.values[name] = append(c.columns, name), make([]*curve, len(tables))
			}
			c.values[name][t] = &curve{each: 1}
		}
		for batch, err := range table.Batches(ctx) {
			if err != nil {
				return nil, err
			}
			step := column[*array.Int32](batch, schemas.Step)
			for _, name := range curveColumns(table) {
				value := column[*array.Float64](batch, name)
				for i := range value.Len() {
					if value.IsValid(i) {
						c.values[name][t].add(float64(step.Value(i)), value.Value(i))
					}
				}
			}
		}
	}
	// The losses first, in the order in which they come.
	slices.SortStableFunc(c.columns, func(x, y string) int { return slices.Index(lastColumns, x) - slices.Index(lastColumns, y) })
	return c, nil
}

// curveColumns are the columns of a table of training that are drawn: all losses, which stand before the learning rate, without
// their sum if there is but one, and lastColumns.
func curveColumns(table schemas.Table) []string {
	var names []string
	for _, field := range table.Schema.Fields() {
		if field.Name == schemas.LearningRate {
			break
		}
		if field.Name != schemas.Step && field.Name != schemas.Epoch {
			names = append(names, field.Name)
		}
	}
	if len(names) == 2 {
		names = names[1:]
	}
	for _, name := range lastColumns {
		if table.Schema.HasField(name) {
			names = append(names, name)
		}
	}
	return names
}

// A curve is the means of so many steps each, so that it has a bounded number of points however long the training.
type curve struct {
	each int
	sums []stepSum
}

// stepSum is the sums over n steps.
type stepSum struct {
	x, y float64
	n    int
}

// mostPoints of a curve, as many as can be told apart.
const mostPoints = 200

func (c *curve) add(x, y float64) {
	if n := len(c.sums); n == 0 || c.sums[n-1].n == c.each {
		if n == mostPoints {
			for i := range n / 2 {
				a, b := c.sums[2*i], c.sums[2*i+1]
				c.sums[i] = stepSum{a.x + b.x, a.y + b.y, a.n + b.n}
			}
			c.sums, c.each = c.sums[:n/2], 2*c.each
		}
		c.sums = append(c.sums, stepSum{})
	}
	last := &c.sums[len(c.sums)-1]
	*last = stepSum{last.x + x, last.y + y, last.n + 1}
}

func (c *curve) points(times float64) []figure.Point {
	var points []figure.Point
	for _, s := range c.sums {
		points = append(points, figure.Point{X: s.x / float64(s.n), Y: times * s.y / float64(s.n)})
	}
	return points
}

// mostCurves are drawn in a plot.
const mostCurves = 24

// section is a plot for each column.
func (c *curves) section() figure.Section {
	names := c.names[:min(len(c.names), mostCurves)]
	var plots []template.HTML
	for _, column := range c.columns {
		plots = append(plots, c.plot(column).HTML())
	}
	part := figure.Part{HTML: []template.HTML{figure.LineLegend(names), figure.Panels(plots)}}
	if len(names) < len(c.names) {
		part.Text = []string{fmt.Sprintf("Curves of the first %d of %d models.", len(names), len(c.names))}
	}
	return figure.Section{ID: "training", Title: "Training", Parts: []figure.Part{part}}
}

// plot is a column's curves, but for those that are 0 throughout, as the marginal error is where nothing is transported.
func (c *curves) plot(column string) figure.Plot {
	title, times := columnTitles[column], 1.0
	if title == "" {
		title = "loss " + column
	}
	if column == schemas.Value || column == schemas.Remembered {
		times = 100
	}
	plot := figure.Plot{Title: title, X: "step", Series: c.names, Description: "A curve for each model that is trained, from its first step to the last."}
	for t, curve := range c.values[column] {
		if curve == nil || t >= mostCurves {
			continue
		}
		points := curve.points(times)
		if slices.ContainsFunc(points, func(p figure.Point) bool { return p.Y != 0 }) {
			plot.Curves = append(plot.Curves, figure.Curve{Series: t, Points: points, Marked: len(points) == 1})
		}
	}
	return plot
}
