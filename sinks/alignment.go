package sinks

import (
	"fmt"
	"io"
	"strings"

	"github.com/ferry-clir/ferry/model"
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
	for _, k := range a.Strongest()[:min(links, len(a.Plan))] {
		if a.Plan[k]*float32(len(a.Source)) < faint {
			break
		}
		fmt.Fprintf(&b, "  %s → %s, mass %.4f, cost %.3f\n", a.Source[k/n], a.Target[k%n], a.Plan[k], a.Costs[k])
	}
	r := a.Report // whose plan may cost less than the best one by as much as its marginals are off
	fmt.Fprintf(&b, "\nCost %.4f at a marginal error of %.2g; without one, the best plan costs %.4f, and none can cost less than %.4f; divergence %.4f", r.Value, r.MarginalError, a.Exact, r.Bound, a.Divergence)
	if !a.Settled {
		b.WriteString(", not converged")
	}
	fmt.Fprintf(&b, ". Solver %s, %d iterations", r.Solver, r.Iterations)
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

// faint is the share of a token's mass below which there is no link.
const faint = 1e-4
