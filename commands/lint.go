package commands

import (
	"context"
	"fmt"

	"github.com/ferry-clir/ferry/pipeline"
)

type lintCommand struct {
	fileFlags
	Workers int      `help:"Goroutines that compute; one a core if left out. The result does not depend on it."`
	Log     string   `enum:"auto,bars,plain,json" default:"auto" help:"How progress is told: bars, plain or json lines; auto is bars on a terminal."`
	Near    float64  `default:"0.8" help:"Similarity, above 0 and at most 1, from which texts are near; 0 compares exactly only."`
	Window  int      `default:"250000" help:"Evaluation texts that are held in memory at a time, 1.5 KB each; more take more passes over the data."`
	Ignore  []string `placeholder:"RULE" help:"Leave out the findings of a rule. May be given several times."`
	FailOn  string   `enum:"error,warning,never" default:"error" help:"The least severity that makes the exit code 1: error, warning or never."`
	Format  string   `enum:"table,json" default:"table" help:"How findings are written: table, for people, or json, a line a rule and table."`
}

func (c *lintCommand) Help() string {
	return "What the pipeline trains on is compared with what it evaluates, and judgments with the queries and documents that they name. It reads sources, and makes the tables that this takes; no model is opened and nothing is trained. A stage lint in the file does the same within a run."
}

func (c *lintCommand) Run(ctx context.Context, t *terminal) error {
	t.logAs(c.Log)
	if c.Workers < 0 {
		return fmt.Errorf("%w--workers should be at least 1, is %d", errUsage, c.Workers)
	}
	keys := pipeline.LintKeys{Near: c.Near, Window: c.Window, Ignore: c.Ignore}
	if err := keys.Validate(); err != nil {
		return fmt.Errorf("%w--%w", errUsage, err)
	}
	p, err := c.load(ctx)
	if err != nil {
		return err
	}
	r := newReporter(c.Log, t)
	linted, err := p.Lint(ctx, pipeline.Options{Workers: c.Workers, Reporter: r}, keys)
	r.close()
	if err != nil {
		return err
	}
	if c.Format == "json" {
		err = linted.WriteJSON(t.Out)
	} else {
		_, err = fmt.Fprint(t.Out, linted.Table())
	}
	if err != nil {
		return err
	}
	if linted.Fails(c.FailOn) {
		return fmt.Errorf("%s; --fail-on is %s", linted.Totals(), c.FailOn)
	}
	return nil
}
