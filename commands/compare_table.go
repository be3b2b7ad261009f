package commands

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/ferry-clir/ferry/trec"
)

// comparisonsTable writes a row a measure and run.
func comparisonsTable(out io.Writer, rows []trec.Comparison) {
	var lines []string
	lines = append(lines, "measure\trun\tvalue\tgain\tinterval\tpermutation p\tHolm\tt-test p\tHolm\td\tbetter/same/worse")
	for _, row := range rows {
		measure, against := row.Measure, strings.Repeat("\t", 7)
		if a := row.Against; a != nil {
			measure = ""
			against = fmt.Sprintf("%+.4f\t%+.4f to %+.4f\t%s\t%s\t%s\t%s\t%s\t%d/%d/%d", a.Gain, a.GainLow, a.GainHigh,
				chance(a.PPermutation), chance(a.PPermutationHolm), chance(a.PTTest), chance(a.PTTestHolm),
				effect(a, func(x float64) string { return fmt.Sprintf("%+.2f", x) }), a.Wins, a.Ties, a.Losses)
		}
		lines = append(lines, fmt.Sprintf("%s\t%s\t%.4f\t%s", measure, row.Run, row.Value, against))
	}
	aligned(out, lines)
}

// aligned writes lines whose cells are separated by tabs, without spaces at their ends.
func aligned(out io.Writer, lines []string) {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		fmt.Fprintln(table, line)
	}
	table.Flush()
	for line := range strings.Lines(b.String()) {
		fmt.Fprintln(out, strings.TrimRight(line, " \n"))
	}
}

// chance is a p value of four digits.
func chance(p float64) string {
	if p < 0.0001 {
		return "<0.0001"
	}
	return fmt.Sprintf("%.4f", p)
}

// sameSide tells whether two queries are both improved, or both worsened, by one run.
func sameSide(a, b trec.MovedQuery) bool {
	return a.Run == b.Run && (a.After > a.Before) == (b.After > b.Before)
}

const (
	documentsShown = 8   // relevant documents of a query
	textShown      = 100 // characters of a text
)

// movedQuery writes a query, and why it moved, below a heading if it is the first of its kind.
func movedQuery(out io.Writer, q trec.MovedQuery, heading bool) {
	if heading {
		how := "improved"
		if q.After < q.Before {
			how = "worsened"
		}
		fmt.Fprintf(out, "\n%s: queries that %s most by %s\n", q.Run, how, q.Measure)
	}
	fmt.Fprintf(out, "\n%s\n", strings.TrimSpace(fmt.Sprintf("%s  %.4f -> %.4f  %s", q.QueryID, q.Before, q.After, excerpt(q.Text, textShown))))
	var lines []string
	for _, d := range q.Documents[:min(len(q.Documents), documentsShown)] {
		lines = append(lines, fmt.Sprintf("  rank %s -> %s\tgrade %d\t%s\t%s", rank(d.RankBefore, q.HitsBefore), rank(d.RankAfter, q.HitsAfter), d.Grade, d.DocumentID, excerpt(d.Text, textShown)))
	}
	aligned(out, lines)
	if more := len(q.Documents) - documentsShown; more > 0 {
		fmt.Fprintf(out, "  and %d more relevant documents, lower in both\n", more)
	}
	if q.UnjudgedBefore != q.UnjudgedAfter {
		fmt.Fprintf(out, "  not judged of the first %d: %d -> %d\n", q.First, q.UnjudgedBefore, q.UnjudgedAfter)
	}
}

// rank is a rank, or ">" and the number of hits that a document is not among.
func rank(at *int, hits int) string {
	switch {
	case at != nil:
		return fmt.Sprint(*at)
	case hits == 0:
		return "none"
	}
	return fmt.Sprintf(">%d", hits)
}
