package commands

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ferry-clir/ferry/pipeline"
)

type whyCommand struct {
	Step string `arg:"" help:"Step, such as stages.student."`
	fileFlags
}

func (c *whyCommand) Run(ctx context.Context, t *terminal) error {
	if ext := filepath.Ext(c.Step); ext == ".yaml" || ext == ".yml" {
		if _, err := os.Stat(c.Step); err == nil {
			return fmt.Errorf("%w%s is a file, and stands where the step should: `ferry why stages.NAME %[2]s`", errUsage, c.Step)
		}
	}
	p, err := c.load(ctx)
	if err != nil {
		return err
	}
	plan, err := p.Plan(ctx)
	if err != nil {
		return err
	}
	if err = plan.Why(t.Out, c.Step); errors.Is(err, pipeline.ErrNoStep) {
		return fmt.Errorf("%w%w", errUsage, err)
	}
	return err
}
