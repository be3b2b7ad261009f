package commands

import "context"

type costsCommand struct{ fileFlags }

func (c *costsCommand) Run(ctx context.Context, t *terminal) error {
	p, err := c.load(ctx)
	if err != nil {
		return err
	}
	costs, err := p.Costs(ctx)
	if err != nil {
		return err
	}
	return costs.Write(t.Out)
}
