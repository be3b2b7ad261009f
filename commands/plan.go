package commands

import "context"

type planCommand struct{ fileFlags }

func (c *planCommand) Run(ctx context.Context, t *terminal) error {
	p, err := c.load(ctx)
	if err != nil {
		return err
	}
	plan, err := p.Plan(ctx)
	if err != nil {
		return err
	}
	return plan.Write(t.Out)
}
