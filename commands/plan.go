package commands

import (
	"context"
	"fmt"

	"github.com/ferry-clir/ferry/pipeline"
)

type planCommand struct {
	fileFlags
	JSON   bool   `name:"json" xor:"engine" help:"Print the tasks that are not done, one a line, as \"ferry task\" reads them, whoever is to do them."`
	Engine string `placeholder:"ADDRESS" xor:"engine" help:"Tell what would be done there, and what here; as ferry run takes it. Nobody connects to it."`
}

func (c *planCommand) Run(ctx context.Context, t *terminal) error {
	if err := pipeline.CheckEngine(c.Engine); err != nil {
		return fmt.Errorf("%w--engine %w", errUsage, err)
	}
	p, err := c.load(ctx)
	if err != nil {
		return err
	}
	if c.Engine != "" {
		p.Engine = c.Engine
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
