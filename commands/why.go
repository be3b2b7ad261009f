package commands

import "context"

type whyCommand struct {
	Step string `arg:"" help:"Step, such as stages.student."`
	fileFlags
}

func (c *whyCommand) Run(ctx context.Context, t *terminal) error {
	p, err := c.load(ctx)
	if err != nil {
		return err
	}
	plan, err := p.Plan(ctx)
	if err != nil {
		return err
	}
	return plan.Why(t.Out, c.Step)
}
