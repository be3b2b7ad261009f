package commands

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strconv"

	"github.com/ferry-clir/ferry/trec"
)

type compareCommand struct {
	Files     []string `arg:"" name:"files" help:"Two runs or more, the baseline first, and last the judgments (qrels), in trec_eval's formats; gzip, zstd and zip are read. One may be -, standard input."`
	Measures  []string `default:"nDCG@10,AP,RR@10,R@100" help:"Measures by the names that evaluate has; queries are shown by how the first one moved."`
	Top       int      `default:"5" help:"Number of queries to show of those that a run improved most, and of those that it worsened most."`
	Queries   string   `placeholder:"FILE" help:"Texts of queries to show: lines of an id, a tab and a text."`
	Documents string   `placeholder:"FILE" help:"Texts of documents, the same."`
	Format    string   `default:"table" enum:"table,json,csv" help:"table, for people; json, a line a row of the table and a query that moved, in full; or csv, the table of measures in full."`
	Level     int32    `default:"1" help:"Smallest grade that is relevant, for measures other than nDCG, ERR and RBP."`
	Absent    string   `default:"zero" enum:"zero,skip" help:"What a judged query that a run lacks counts: zero, or skip to compare those that all runs have."`
	Seed      uint64   `default:"1" help:"Seed of bootstrap samples and permutations."`
}

func (c *compareCommand) Help() string {
	return "Which run is better, whether that could be chance, and why: where the relevant documents of the queries that moved most stood before and after. " +
		"Intervals are 95 % bootstrap percentiles; tests are paired, query by query, and corrected by Holm's method over all of the table; d is Cohen's, of the differences. " +
		"A rank of >100 says that the document is not among the 100 that the run has for the query."
}

// Run compares.
func (c *compareCommand) Run(ctx context.Context, t *terminal) error {
	last := len(c.Files) - 1
	if last < 2 {
		return fmt.Errorf("%wcompare takes two runs or more, and last the judgments; there are %d files", errUsage, len(c.Files))
	}
	if c.Top < 0 {
		return fmt.Errorf("%w--top should be at least 0, is %d", errUsage, c.Top)
	}
	measures, err := trec.ParseMeasures(c.Measures, true)
	if err != nil {
		return fmt.Errorf("%w%w", errUsage, err)
	}
	files, remove, err := rereadable(ctx, c.Files...)
	if err != nil {
		return err
	}
	defer remove()
	compared, err := trec.Compare(ctx, files[:last], files[last], trec.CompareOptions{
		Measures: measures, Level: c.Level, SkipAbsent: c.Absent == "skip", Top: c.Top, Queries: c.Queries, Documents: c.Documents, Seed: c.Seed, Workers: runtime.GOMAXPROCS(0)})
	if err != nil {
		return err
	}
	for _, warning := range compared.Warnings {
		t.say(slog.LevelWarn, "warning: ", warning)
	}
	out := bufio.NewWriter(t.Out)
	switch c.Format {
	case "json":
		err = comparedLines(out, compared)
	case "csv":
		err = comparisonsCSV(out, compared.Comparisons)
	default:
		comparisonsTable(out, compared.Comparisons)
		for i, q := range compared.Moved {
			movedQuery(out, q, i == 0 || !sameSide(q, compared.Moved[i-1]))
		}
	}
	return errors.Join(err, out.Flush())
}

// comparedLines writes a JSON object a line: the rows of the table, which have no query, and then the queries that moved.
func comparedLines(out io.Writer, compared *trec.Compared) (err error) {
	lines := jsonTo(out)
	for _, row := range compared.Comparisons {
		err = errors.Join(err, lines.Encode(struct {
			QueryID *string `json:"query_id"`
			trec.Comparison
		}{nil, row}))
	}
	for _, q := range compared.Moved {
		err = errors.Join(err, lines.Encode(q))
	}
	return err
}

// comparisonsCSV writes the table in full.
func comparisonsCSV(out io.Writer, rows []trec.Comparison) error {
	lines := csv.NewWriter(out)
	header := []string{"measure", "run", "queries", "value", "low", "high"}
	against := []string{"gain", "gain_low", "gain_high", "p_permutation", "p_permutation_holm", "p_t_test", "p_t_test_holm", "effect", "wins", "ties", "losses"}
	lines.Write(append(header, against...))
	for _, row := range rows {
		cells := []string{row.Measure, row.Run, strconv.Itoa(row.Queries), inFull(row.Value), inFull(row.Low), inFull(row.High)}
		if a := row.Against; a == nil {
			cells = append(cells, make([]string, len(against))...)
		} else {
			for _, x := range []float64{a.Gain, a.GainLow, a.GainHigh, a.PPermutation, a.PPermutationHolm, a.PTTest, a.PTTestHolm} {
				cells = append(cells, inFull(x))
			}
			cells = append(cells, effect(a, inFull), strconv.Itoa(a.Wins), strconv.Itoa(a.Ties), strconv.Itoa(a.Losses))
		}
		lines.Write(cells)
	}
	lines.Flush()
	return lines.Error()
}

// effect is the effect size as text, empty where there is none.
func effect(a *trec.Against, number func(float64) string) string {
	if a.Effect == nil {
		return ""
	}
	return number(*a.Effect)
}
