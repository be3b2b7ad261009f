package commands

import (
	"context"

	"github.com/ferry-clir/ferry/pipeline"
	"github.com/ferry-clir/ferry/pipeline/tables"
)

type inspectCommand struct {
	File string `arg:"" help:"Parquet or Arrow file."`
	Rows int    `default:"5" help:"Rows to show."`
}

func (c *inspectCommand) Run(ctx context.Context, t *terminal) error {
	return tables.Inspect(ctx, t.Out, c.File, c.Rows, pipeline.ColumnDocs)
}
