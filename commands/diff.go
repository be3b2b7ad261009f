package commands

import "context"

type diffCommand struct {
	From string `arg:"" help:"Run, as ferry runs names it; the beginning of its ID is enough where no other begins so."`
	To   string `arg:"" help:"Run to compare with it."`
	fileFlags
}

func (c *diffCommand) Help() string {
	return "Scores are in percent, means over languages, and are known as long as the cache has what the run evaluated. Whether a difference could be chance is the business of ferry compare and of the stage compare."
}

func (c *diffCommand) Run(ctx context.Context, t *terminal) error {
	p, err := c.read(c.File)
	if p == nil {
		return err
	}
	d, err := p.Diff(ctx, c.From, c.To)
	if err != nil {
		return err
	}
	return d.Write(t.Out)
}
