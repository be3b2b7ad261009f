package commands

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"text/tabwriter"

	"github.com/ferry-clir/ferry/pipeline"
)

type evaluateCommand struct {
	Hits      string   `arg:"" name:"run" help:"Search results in trec_eval's format; gzip, zstd and zip are read."`
	Judgments string   `arg:"" help:"Judgments (qrels)."`
	Measures  []string `default:"nDCG@10,AP,RR@10,R@100" help:"nDCG@k, nDCG_exp@k, AP, RR@k, R@k, P@k, success@k, Rprec, bpref, ERR@k, RBP(p=0.9), Judged@k, set_P, set_R, set_F or set_AP."`
	PerQuery  bool     `help:"Every query's values, before the means."`
	Format    string   `default:"table" enum:"table,json,csv" help:"table, of four digits; json, a line a value in full; or csv, the same."`
	Level     int32    `default:"1" help:"Smallest grade that is relevant, for measures other than nDCG, ERR and RBP."`
	Absent    string   `default:"zero" enum:"zero,skip" help:"What a judged query that the run lacks counts: zero (trec_eval -c), or skip."`
}

func (c *evaluateCommand) Help() string {
	return "Values are trec_eval's to the last digit: ties go by score in float32, then by descending document id; the rank in the file counts for nothing."
}

// Run evaluates.
func (c *evaluateCommand) Run(ctx context.Context, t *terminal) error {
	e, err := pipeline.EvaluateRun(ctx, c.Hits, c.Judgments, pipeline.EvaluateOptions{
		Measures: c.Measures, Level: c.Level, SkipAbsent: c.Absent == "skip", Workers: runtime.GOMAXPROCS(0)})
	if err != nil {
		return err
	}
	out := bufio.NewWriter(t.Out)
	write, flush := valuesAs(c.Format, out)
	if c.PerQuery {
		for _, q := range e.Queries {
			for i, value := range q.Values {
				if err := write(&q.Query, e.Measures[i], value); err != nil {
					return err
				}
			}
		}
	}
	for i, value := range e.Means {
		if err := write(nil, e.Measures[i], value); err != nil {
			return err
		}
	}
	return errors.Join(flush(), out.Flush())
}

// valuesAs returns what writes a value in a format, with no query for a mean, and what is called last.
func valuesAs(format string, out io.Writer) (write func(query *string, measure string, value float64) error, flush func() error) {
	named := func(query *string, all string) string {
		if query == nil {
			return all
		}
		return *query
	}
	switch format {
	case "json":
		lines := json.NewEncoder(out)
		return func(query *string, measure string, value float64) error {
			return lines.Encode(struct {
				QueryID *string `json:"query_id"`
				Measure string  `json:"measure"`
				Value   float64 `json:"value"`
			}{query, measure, value})
		}, func() error { return nil }
	case "csv":
		rows := csv.NewWriter(out)
		rows.Write([]string{"query_id", "measure", "value"})
		return func(query *string, measure string, value float64) error {
			return rows.Write([]string{named(query, ""), measure, strconv.FormatFloat(value, 'g', -1, 64)})
		}, func() error { rows.Flush(); return rows.Error() }
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	return func(query *string, measure string, value float64) error {
		_, err := fmt.Fprintf(table, "%s\t%s\t%.4f\n", measure, named(query, "all"), value)
		return err
	}, table.Flush
}
