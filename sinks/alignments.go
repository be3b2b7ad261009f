package sinks

import (
	"context"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks/figure"
)

// mostPairs have their plans on a page: as many of each table, the first, and one at least.
const mostPairs = 48

// alignments are the plans of pairs, in the order in which they come.
type alignments struct {
	shown []*alignment
	pairs int // of all tables
}

// alignment is the plan of a pair.
type alignment struct {
	table, pair    string
	source, target []string // tokens
	cells          []cell
	cost           float64
}

// cell is the mass between a source token and a target token.
type cell struct {
	source, target int
	mass           float64
}

func readAlignments(ctx context.Context, tables []schemas.Table) (alignments, error) {
	var all alignments
	for _, t := range tables {
		var a *alignment
		pairs := 0 // of this table
		err := eachBatch(ctx, []schemas.Table{t}, func(batch arrow.RecordBatch) {
			from, to := column[*array.Int32](batch, schemas.SourceIndex), column[*array.Int32](batch, schemas.TargetIndex)
			mass, cost := column[*array.Float64](batch, schemas.Mass), column[*array.Float64](batch, schemas.Cost)
			for i := range int(batch.NumRows()) {
				text := func(name string) string { return strings.Clone(textsOf(batch, name).Value(i)) }
				pair := text(schemas.SourceLanguage) + " → " + text(schemas.TargetLanguage) + ", " + text(schemas.PairID)
				if a == nil || a.pair != pair {
					a = &alignment{table: t.Name, pair: pair}
					if pairs++; pairs <= max(1, mostPairs/len(tables)) {
						all.shown = append(all.shown, a)
					}
				}
				c := cell{int(from.Value(i)), int(to.Value(i)), mass.Value(i)}
				a.source, a.target = put(a.source, c.source, text(schemas.SourceToken)), put(a.target, c.target, text(schemas.TargetToken))
				a.cells = append(a.cells, c)
				a.cost += c.mass * cost.Value(i)
			}
		})
		if err != nil {
			return all, err
		}
		all.pairs += pairs
	}
	return all, nil
}

// put sets a list's element, which may be beyond its end.
func put(list []string, at int, s string) []string {
	if n := at + 1 - len(list); n > 0 {
		list = append(list, make([]string, n)...)
	}
	list[at] = s
	return list
}

// told is the share of a token's mass from which on it is told in numbers.
const told = 0.05

// plan is the heat map, with the shares of each source token's mass, of which the largest stands out.
func (a alignment) plan() figure.Table {
	t := figure.Table{Title: fmt.Sprintf("%s: cost %.3f", a.pair, a.cost), Left: 1, Plan: true, Rows: [][]figure.Cell{figure.Cells(append([]string{""}, a.target...)...)}}
	for _, token := range a.source {
		t.Rows = append(t.Rows, append(figure.Cells(token), make([]figure.Cell, len(a.target))...))
	}
	for _, c := range a.cells { // those of most mass first
		row := t.Rows[c.source+1]
		share := min(1, c.mass*float64(len(a.source))) // all source tokens have the same mass
		at := &row[c.target+1]
		if at.Heat = share; share >= told {
			at.Text = strconv.Itoa(int(100*share + 0.5))
			at.Best = !slices.ContainsFunc(row, func(c figure.Cell) bool { return c.Best })
		}
	}
	return t
}

const alignmentsLegend = "A row is a token of the source text, a column one of its translation; a cell is how much of the row's mass goes there, in percent."

// section is a heat map for each pair, those of a table together.
func (all alignments) section() figure.Section {
	s := figure.Section{ID: "alignments", Title: "Alignments"}
	for i, a := range all.shown {
		if i == 0 || a.table != all.shown[i-1].table {
			s.Parts = append(s.Parts, figure.Part{Title: a.table})
		}
		part := &s.Parts[len(s.Parts)-1]
		part.HTML = append(part.HTML, a.plan().HTML())
	}
	notes := []string{alignmentsLegend}
	if len(all.shown) < all.pairs {
		notes = append(notes, fmt.Sprintf("These are %d of %d pairs.", len(all.shown), all.pairs))
	}
	s.Parts = append(s.Parts, figure.Part{HTML: []template.HTML{figure.Notes(notes...)}})
	return s
}
