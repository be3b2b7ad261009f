package commands

import (
	"context"

	"github.com/ferry-clir/ferry/pipeline"
)

type planCommand struct {
	fileFlags
	JSON bool `name:"json" help:"Print the tasks that are not done, one a line, as \"ferry task\" reads them."`
}

func (c *planCommand) Run(ctx context.Context, t *terminal) error {
	p, err := c.load(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		r := newReporter("plain", t)
		defer r.close()
		return p.WriteTasks(ctx, t.Out, pipeline.Options{Reporter: r})
	}
	plan, err := p.Plan(ctx)
	if err != nil {
		return err
	}
	return plan.Write(t.Out)
}
