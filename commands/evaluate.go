package commands

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/ferry-clir/ferry/trec"
)

type evaluateCommand struct {
	Hits      string   `arg:"" name:"run" help:"Search results in trec_eval's format; gzip, zstd and zip are read. - is standard input."`
	Judgments string   `arg:"" help:"Judgments (qrels), trec_eval's or BEIR's; - as well."`
	Measures  []string `default:"nDCG@10,AP,RR@10,R@100" help:"nDCG@k, nDCG_exp@k, AP, RR@k, R@k, P@k, success@k, Rprec, bpref, ERR@k, RBP(p=0.9), Judged@k, hole@k, set_P, set_R, num_rel_ret, and others that docs/evaluation.md lists."`
	PerQuery  bool     `help:"Every query's values, before the means."`
	Ties      bool     `help:"Beside each value the least and the greatest that other orders of documents with equal scores give."`
	Format    string   `default:"table" enum:"table,json,csv" help:"table, of four digits; json, a line a value in full; or csv, the same."`
	Level     int32    `default:"1" help:"Smallest grade that is relevant, for measures other than nDCG, ERR and RBP."`
	Absent    string   `default:"zero" enum:"zero,skip" help:"What a judged query that the run lacks counts: zero (trec_eval -c), or skip."`
}

func (c *evaluateCommand) Help() string {
	return "Values are trec_eval's to the last digit: ties go by score in float32, then by descending document id; the rank in the file counts for nothing. A judged query that the run lacks counts zero, as with trec_eval -c, unless --absent skip leaves it out."
}

// Run evaluates.
func (c *evaluateCommand) Run(ctx context.Context, t *terminal) error {
	measures, err := trec.ParseMeasures(c.Measures, false)
	if err != nil {
		return fmt.Errorf("%w%w", errUsage, err)
	}
	files, remove, err := rereadable(ctx, c.Hits, c.Judgments)
	if err != nil {
		return err
	}
	defer remove()
	e, err := trec.Evaluate(ctx, files[0], files[1], trec.EvaluateOptions{
		Measures: measures, Level: c.Level, SkipAbsent: c.Absent == "skip", Ties: c.Ties, Workers: runtime.GOMAXPROCS(0)})
	if err != nil {
		return err
	}
	for _, warning := range e.Warnings {
		t.say(slog.LevelWarn, "warning: ", warning)
	}
	out := bufio.NewWriter(t.Out)
	write, flush := c.rows(out)
	if c.PerQuery {
		for _, q := range e.Queries {
			for i, total := range e.Totals {
				row := valueRow{QueryID: &q.Query, Measure: total.Measure.String(), Value: q.Values[i]}
				if c.Ties {
					row.tie(q.TieLow[i], q.TieHigh[i])
				}
				if err := write(row); err != nil {
					return err
				}
			}
		}
	}
	for _, total := range e.Totals {
		row := valueRow{Measure: total.Measure.String(), Value: total.Mean}
		if c.Ties {
			row.tie(total.TieLow, total.TieHigh)
		}
		if err := write(row); err != nil {
			return err
		}
	}
	return errors.Join(flush(), out.Flush())
}

// A valueRow is a value and, where they are asked for and known, its extremes over ties. A mean has no query.
type valueRow struct {
	QueryID *string  `json:"query_id"`
	Measure string   `json:"measure"`
	Value   float64  `json:"value"`
	TieLow  *float64 `json:"tie_low,omitempty"`
	TieHigh *float64 `json:"tie_high,omitempty"`
}

func (r *valueRow) tie(low, high float64) {
	if !math.IsNaN(low) {
		r.TieLow, r.TieHigh = &low, &high
	}
}

// texts are the row's columns, after named ones those over ties.
func (r valueRow) texts(all string, ties bool, number func(float64) string) []string {
	row := []string{all, r.Measure, number(r.Value)}
	if r.QueryID != nil {
		row[0] = *r.QueryID
	}
	switch {
	case r.TieLow != nil:
		return append(row, number(*r.TieLow), number(*r.TieHigh))
	case ties:
		return append(row, "", "")
	}
	return row
}

// rows returns what writes a row in the format, and what is called last.
func (c *evaluateCommand) rows(out io.Writer) (write func(valueRow) error, flush func() error) {
	switch c.Format {
	case "json":
		lines := jsonTo(out)
		return func(row valueRow) error { return lines.Encode(row) }, func() error { return nil }
	case "csv":
		rows := csv.NewWriter(out)
		header := []string{"query_id", "measure", "value"}
		if c.Ties {
			header = append(header, "tie_low", "tie_high")
		}
		rows.Write(header)
		return func(row valueRow) error { return rows.Write(row.texts("", c.Ties, inFull)) },
			func() error { rows.Flush(); return rows.Error() }
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if c.Ties {
		fmt.Fprintln(table, "measure\tquery\tvalue\tlowest\thighest")
	}
	return func(row valueRow) error {
		cells := row.texts("all", false, func(x float64) string { return strconv.FormatFloat(x, 'f', 4, 64) })
		cells[0], cells[1] = cells[1], cells[0]
		_, err := fmt.Fprintln(table, strings.Join(cells, "\t"))
		return err
	}, table.Flush
}

// jsonTo writes JSON, a line a value, with characters as they are.
func jsonTo(out io.Writer) *json.Encoder {
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	return lines
}

// inFull is a number with all its digits.
func inFull(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
