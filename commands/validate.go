package commands

import (
	"context"
	"fmt"
)

type validateCommand struct{ fileFlags }

func (c *validateCommand) Run(ctx context.Context, t *terminal) error {
	p, err := c.load(ctx)
	if err != nil {
		return err
	}
	cells := ""
	if p.Cells > 0 {
		cells = fmt.Sprintf(" for %d cells", p.Cells)
	}
	fmt.Fprintf(t.Out, "%s: %d steps%s, no mistakes\n", c.File, p.StepCount(), cells)
	return p.WriteDownloads(t.Out)
}
