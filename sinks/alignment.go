package sinks

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
)

// links are the strongest links that a picture of an alignment ends with.
const links = 10

// WriteAlignment draws the plan as a heat map, a row a source token, with the target token that most of its mass goes to
// beside it, and lists the strongest links.
func WriteAlignment(w io.Writer, a model.Alignment) error {
	var b strings.Builder
	n := len(a.Target)
	b.WriteString("    ")
	for j := range n {
		fmt.Fprintf(&b, "%2d", (j+1)%100)
	}
	b.WriteString("\n")
	for i, token := range a.Source {
		row := a.Plan[i*n : (i+1)*n]
		mass, best := float32(0), 0
		for j, x := range row {
			if mass += x; x > row[best] {
				best = j
			}
		}
		fmt.Fprintf(&b, "%3d ", i+1)
		for _, x := range row {
			b.WriteString(shade(x * float32(len(a.Source))))
		}
		fmt.Fprintf(&b, "  %s → ", token)
		if mass > 0 {
			fmt.Fprintf(&b, "%d %s, %.0f %% of it\n", best+1, a.Target[best], 100*row[best]/mass)
		} else {
			b.WriteString("nothing\n")
		}
	}
	b.WriteString("\nTarget tokens:")
	for j, token := range a.Target {
		fmt.Fprintf(&b, " %d %s", j+1, token)
	}
	b.WriteString("\nStrongest links:\n")
	for _, k := range strongest(a, links) {
		fmt.Fprintf(&b, "  %s → %s, mass %.4f, cost %.3f\n", a.Source[k/n], a.Target[k%n], a.Plan[k], a.Costs[k])
	}
	r := a.Report
	fmt.Fprintf(&b, "\nCost %.4f; the best plan costs %.4f, and none can cost less than %.4f; divergence %.4f", r.Value, a.Exact, r.Bound, a.Divergence)
	if !a.Settled {
		b.WriteString(", not converged")
	}
	fmt.Fprintf(&b, ". Solver %s, %d iterations, marginal error %.1e", r.Solver, r.Iterations, r.MarginalError)
	if !r.Converged {
		b.WriteString(", not converged")
	}
	_, err := io.WriteString(w, b.String()+".\n")
	return err
}

// shade is a cell of the heat map for a share of a token's mass.
func shade(share float32) string {
	switch {
	case share >= 0.75:
		return "██"
	case share >= 0.5:
		return "▓▓"
	case share >= 0.25:
		return "▒▒"
	case share >= 0.05:
		return "░░"
	}
	return " ·"
}

// faint is the share of a token's mass below which a link is left out.
const faint = 1e-4

// strongest returns the cells of the plan, at most so many, those of most mass first, without faint ones.
func strongest(a model.Alignment, most int) []int {
	var cells []int
	for k, mass := range a.Plan {
		if mass*float32(len(a.Source)) >= faint {
			cells = append(cells, k)
		}
	}
	slices.SortStableFunc(cells, func(x, y int) int { return cmp.Compare(a.Plan[y], a.Plan[x]) })
	return cells[:min(most, len(cells))]
}

// WritePlan writes the links of an alignment to a Parquet file, those of most mass first; faint ones are left out.
func WritePlan(ctx context.Context, path string, a model.Alignment) error {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schemas.Plan())
	defer b.Release()
	n := len(a.Target)
	for _, k := range strongest(a, len(a.Plan)) {
		b.Field(0).(*array.Int32Builder).Append(int32(k / n))
		b.Field(1).(*array.Int32Builder).Append(int32(k % n))
		b.Field(2).(*array.StringBuilder).Append(a.Source[k/n])
		b.Field(3).(*array.StringBuilder).Append(a.Target[k%n])
		b.Field(4).(*array.Float64Builder).Append(float64(a.Plan[k]))
		b.Field(5).(*array.Float64Builder).Append(float64(a.Costs[k]))
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	return WriteParquet(ctx, path, schemas.Table{Schema: batch.Schema(), Batches: func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) { yield(batch, nil) }
	}})
}
