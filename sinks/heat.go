package sinks

import (
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/sinks/figure"
)

// A heat is a grid of values, coloured from the lowest to the highest; or, where there is a baseline, by how far they are
// above it or below.
type heat struct {
	title         string
	rows, columns []string
	value         func(row, column string) (float64, bool)
	baseline      func(row, column string) float64 // nil if there is none
}

func (h heat) table() figure.Table {
	least, most := math.Inf(1), math.Inf(-1)
	h.each(func(_, _ string, x float64) { least, most = min(least, x), max(most, x) })
	if h.baseline != nil {
		least, most = 0, max(most, -least)
	}
	warmth := map[[2]string]float64{}
	h.each(func(row, column string, x float64) {
		if most > least {
			warmth[[2]string{row, column}] = (x - least) / (most - least)
		}
	})
	table := figure.Table{Title: h.title, Left: 1, Rows: [][]figure.Cell{figure.Cells(append([]string{""}, h.columns...)...)}}
	for _, r := range h.rows {
		row := figure.Cells(r)
		for _, c := range h.columns {
			cell := figure.Cell{Heat: warmth[[2]string{r, c}]}
			if x, ok := h.value(r, c); ok {
				cell.Text = percent(x)
			}
			row = append(row, cell)
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}

// each calls do with what the colour of each cell depends on.
func (h heat) each(do func(row, column string, x float64)) {
	for _, r := range h.rows {
		for _, c := range h.columns {
			if x, ok := h.value(r, c); ok {
				if h.baseline != nil {
					x -= h.baseline(r, c)
				}
				do(r, c, x)
			}
		}
	}
}

// HTML is the grid in colours.
func (h heat) HTML() template.HTML { return h.table().HTML() }

// axes is the means of an ablation, one axis across and the others down, where names of variants are labels between commas,
// as a matrix names them; nothing if they are not, or vary in one of them alone.
func axes(title string, variants []string, mean func(variant string) (float64, bool), baseline func(row, column string) float64) template.HTML {
	h := heat{title: title, baseline: baseline}
	names := map[[2]string]string{}
	for _, variant := range variants {
		comma := strings.LastIndexByte(variant, ',')
		if comma < 0 {
			return ""
		}
		row, column := strings.TrimSpace(variant[:comma]), strings.TrimSpace(variant[comma+1:])
		names[[2]string{row, column}] = variant
		if !slices.Contains(h.rows, row) {
			h.rows = append(h.rows, row)
		}
		if !slices.Contains(h.columns, column) {
			h.columns = append(h.columns, column)
		}
	}
	if len(h.rows) < 2 || len(h.columns) < 2 {
		return ""
	}
	h.value = func(row, column string) (float64, bool) {
		variant, ok := names[[2]string{row, column}]
		if !ok {
			return 0, false
		}
		return mean(variant)
	}
	return h.HTML()
}
