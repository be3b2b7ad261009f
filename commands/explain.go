package commands

import (
	"context"

	"github.com/ferry-clir/ferry/pipeline"
)

type explainCommand struct {
	Model     string  `arg:"" help:"Folder of the model that reads the target, or hf://owner/name."`
	Source    string  `arg:"" help:"A text."`
	Target    string  `arg:"" help:"Its translation."`
	Teacher   string  `placeholder:"MODEL" help:"Model that reads the source, if another one."`
	Prefix    string  `help:"Put before both texts, such as 'query: '."`
	Solver    string  `default:"sinkhorn" enum:"sinkhorn,ipot,exact" help:"sinkhorn, ipot or exact."`
	Epsilon   float64 `default:"0.02" help:"Weight of the plan's entropy: a larger one blurs the plan."`
	Share     float64 `default:"1" help:"Part of the mass that is moved: less than 1 where one text says more than the other."`
	MaxTokens int     `default:"128" help:"Longer texts are cut."`
	Out       string  `placeholder:"FILE" help:"Parquet file for the plan, too."`
	Offline   bool    `env:"FERRY_OFFLINE" help:"Download nothing: models of the hub must be in the cache."`
}

func (c *explainCommand) Help() string {
	return "The content tokens of both texts are embedded, their mean is subtracted, and the transport plan between them is drawn: what the loss ot of distill pulls together."
}

// Run aligns two texts.
func (c *explainCommand) Run(ctx context.Context, t *terminal) error {
	o := pipeline.NewExplainOptions(c.Model, c.Source, c.Target)
	o.Teacher, o.Prefix, o.MaxTokens, o.Offline = c.Teacher, c.Prefix, c.MaxTokens, c.Offline
	o.Solver, o.Epsilon, o.Share = c.Solver, c.Epsilon, c.Share
	explained, err := pipeline.Explain(ctx, o)
	if err != nil {
		return err
	}
	if c.Out != "" {
		if err := explained.WriteParquet(ctx, c.Out); err != nil {
			return err
		}
	}
	return explained.Write(t.Out)
}
