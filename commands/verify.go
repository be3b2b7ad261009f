package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ferry-clir/ferry/pipeline"
)

type verifyCommand struct {
	Paths   []string `arg:"" name:"paths" help:"Folders with outputs and their manifest, in them or below, work folders such as .ferry, models' folders, Parquet or Arrow files, addresses of stores such as s3://bucket/prefix."`
	Remove  bool     `help:"Remove what is damaged from the cache of a work folder, or from a store, so that the run that needs it next makes it again. Outputs stay."`
	Workers int      `help:"Files that are read at a time; one a core if left out."`
	Log     string   `enum:"auto,bars,plain,json" default:"auto" help:"How progress is told: bars, plain or json lines; auto is bars on a terminal."`
}

func (c *verifyCommand) Help() string {
	return "All files that a manifest or the cache's notes name are read, and compared with the hash, the rows and the columns that were noted when they were written. Numbers have to be finite, vectors of a table of one length, and scaled to 1 where the others are. Of a store all is read that its notes name. The exit code is 1 if a file is damaged and was not removed."
}

func (c *verifyCommand) Run(ctx context.Context, t *terminal) error {
	t.logAs(c.Log)
	if c.Workers < 0 {
		return fmt.Errorf("%w--workers should be at least 1, is %d", errUsage, c.Workers)
	}
	r := newReporter(c.Log, t)
	v, err := pipeline.Verify(ctx, c.Paths, pipeline.VerifyOptions{Workers: c.Workers, Remove: c.Remove, Progress: func(done, total int64) {
		r.Progress("verify", done, total, "bytes")
	}})
	r.close()
	if err != nil {
		return err
	}
	for _, d := range v.Damages {
		fmt.Fprintf(t.Out, "%s: %s; %s\n", d.Path, d.Problem, d.Remedy)
	}
	fmt.Fprintln(t.Out, v)
	if slices.ContainsFunc(v.Damages, func(d pipeline.Damage) bool { return !d.Removed() }) {
		return errors.New("not all is as it was written")
	}
	return nil
}
