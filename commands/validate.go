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
	fmt.Fprintf(t.Out, "%s: %d steps, no mistakes\n", c.File, len(p.Steps))
	return p.WriteDownloads(t.Out)
}
