package sinks

import (
	"bytes"
	"fmt"
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// chartColors tell variants apart: those of matplotlib, which draws the notebooks' charts.
var chartColors = []color.Color{
	color.RGBA{0x1f, 0x77, 0xb4, 0xff}, color.RGBA{0xff, 0x7f, 0x0e, 0xff}, color.RGBA{0x2c, 0xa0, 0x2c, 0xff},
	color.RGBA{0xd6, 0x27, 0x28, 0xff}, color.RGBA{0x94, 0x67, 0xbd, 0xff}, color.RGBA{0x8c, 0x56, 0x4b, 0xff},
}

const (
	chartHeight = 4 * vg.Inch
	slotWidth   = 48 * vg.Millimeter / 3 // of a language
)

// chart is the fertility of each language and script as SVG, with a bar a variant.
func (rows audits) chart() ([]byte, error) {
	var slots, variants []string
	values := map[[2]string]float64{}
	for _, r := range rows {
		slot := r.language + " " + r.script
		if !slices.Contains(slots, slot) {
			slots = append(slots, slot)
		}
		if !slices.Contains(variants, r.variant) {
			variants = append(variants, r.variant)
		}
		if r.fertility != nil {
			values[[2]string{slot, r.variant}] = *r.fertility
		}
	}
	p := plot.New()
	p.Title.Text = "Fertility: tokens a word, by language and script"
	for _, style := range []*draw.TextStyle{&p.Title.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		style.Font.Variant = "Sans"
	}
	p.Y.Min, p.Legend.Top, p.Title.Padding = 0, true, vg.Millimeter*2
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	p.Add(grid)
	width := slotWidth * 3 / 4 / vg.Length(max(1, len(variants)))
	for v, variant := range variants {
		heights := make(plotter.Values, len(slots))
		for i, slot := range slots {
			heights[i] = values[[2]string{slot, variant}]
		}
		bars, err := plotter.NewBarChart(heights, width)
		if err != nil {
			return nil, fmt.Errorf("drawing chart: %w", err)
		}
		bars.Color, bars.LineStyle.Width = chartColors[v%len(chartColors)], 0
		bars.Offset = width * (vg.Length(v) - vg.Length(len(variants)-1)/2)
		p.Add(bars)
		p.Legend.Add(variant, bars)
	}
	if len(slots) > 0 { // it panics without
		p.NominalX(slots...)
		p.X.Min, p.X.Max = -0.5, float64(len(slots))-0.5 // the range of the bars' middles would cut the outer ones
	}
	p.Y.Max *= 1.2 // room for the legend
	canvas := vgsvg.New(max(6*vg.Inch, vg.Inch+slotWidth*vg.Length(len(slots))), chartHeight)
	const margin = 8 * vg.Millimeter / 3
	p.Draw(draw.Crop(draw.New(canvas), margin, -margin, margin, -margin))
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return nil, fmt.Errorf("drawing chart: %w", err)
	}
	return svg.Bytes(), nil
}
