package commands

import (
	"context"
	"fmt"

	"github.com/ferry-clir/ferry/pipeline"
)

type gcCommand struct {
	fileFlags
	DryRun bool `help:"Only list what would be removed, and what is kept and why."`
	Last   int  `help:"Keep the results of so many runs of each pipeline; those of all runs that are remembered if left out."`
}

func (c *gcCommand) Help() string {
	return "A result in the cache is kept if the pipeline's plan or its manifest names it, or a run that is remembered (see ferry runs) of any pipeline in the same work folder: --last 1 keeps those of the last runs only. Files that ferry has not written are never removed."
}

func (c *gcCommand) Run(ctx context.Context, t *terminal) error {
	if c.Last < 0 {
		return fmt.Errorf("%w--last should be at least 1, is %d", errUsage, c.Last)
	}
	p, err := c.load(ctx)
	if err != nil {
		return err
	}
	collected, err := p.GC(ctx, pipeline.GCOptions{Last: c.Last, DryRun: c.DryRun})
	if err != nil {
		return err
	}
	return collected.Write(t.Out)
}
