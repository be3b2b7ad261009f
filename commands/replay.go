package commands

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/ferry-clir/ferry/pipeline"
)

type replayCommand struct {
	Quarantine string `arg:"" help:"Rows that have been mended: a list that --export wrote, or Parquet with the quarantine's columns."`
	runCommand
	Export string `placeholder:"LIST" help:"Only write the rows of QUARANTINE to a list that can be edited."`
}

func (c *replayCommand) Help() string {
	return "Rows of the list that differ from those in quarantine are read in place of what their files hold, and the pipeline is run. What does not depend on them is not made again."
}

func (c *replayCommand) Run(ctx context.Context, t *terminal) error {
	if c.Export != "" {
		rows, others, err := pipeline.ExportQuarantine(ctx, c.Quarantine, c.Export)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.Out, "wrote %s: %d rows\n", c.Export, rows)
		if others > 0 {
			fmt.Fprintf(t.Out, "%d other rows are not lines of a file; mend the files or tables that they stand in\n", others)
		}
		return nil
	}
	t.logAs(c.Log)
	p, err := c.load(ctx)
	if err != nil {
		return err
	}
	mended, err := p.Mend(ctx, c.Quarantine)
	if err != nil {
		return err
	}
	t.say(slog.LevelInfo, "", mended.String())
	return c.runCommand.Run(ctx, t)
}
