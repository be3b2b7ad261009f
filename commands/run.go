package commands

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ferry-clir/ferry/pipeline"
)

// fileFlags are what every subcommand that reads a pipeline file takes.
type fileFlags struct {
	File    string   `arg:"" optional:"" default:"pipeline.yaml" help:"Pipeline file."`
	Offline bool     `env:"FERRY_OFFLINE" help:"Download nothing: what is not in the cache is a mistake."`
	Set     []string `sep:"none" placeholder:"KEY=VALUE" help:"Change a value of the file, such as stages.hits.top=50. May be given several times."`
}

// load reads and checks the pipeline file.
func (f fileFlags) load(ctx context.Context) (*pipeline.Pipeline, error) {
	p, err := pipeline.Load(f.File, f.Set, os.LookupEnv)
	switch {
	case p != nil: // perhaps with mistakes, which Check tells with its own
		p.Offline = f.Offline
		return p, p.Check(ctx)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w%w; `ferry init` writes a file to start from", errUsage, err)
	}
	return nil, fmt.Errorf("%w%w", errUsage, err)
}

type runCommand struct {
	fileFlags
	Workers    int           `help:"Goroutines that compute; one a core if left out. The result does not depend on it."`
	Checkpoint time.Duration `default:"10m" help:"How often the state of training is saved, for a run that is killed to go on from there; Ctrl-C saves it too."`
	Log        string        `enum:"auto,bars,plain,json" default:"auto" help:"How progress is told: bars, plain or json lines; auto is bars on a terminal."`
}

func (c *runCommand) Run(ctx context.Context, t *terminal) error {
	t.json.Store(c.Log == "json")
	if c.Workers < 0 {
		return fmt.Errorf("%w--workers should be at least 1, is %d", errUsage, c.Workers)
	}
	if c.Checkpoint <= 0 {
		return fmt.Errorf("%w--checkpoint should be above 0, is %v", errUsage, c.Checkpoint)
	}
	p, err := c.load(ctx)
	if err != nil {
		return err
	}
	r := newReporter(c.Log, t)
	err = p.Run(ctx, pipeline.Options{Workers: c.Workers, Checkpoint: c.Checkpoint, Reporter: r})
	r.close()
	var refusal *pipeline.Refusal
	if err != nil && !errors.As(err, &refusal) {
		return err
	}
	for _, summary := range r.results() {
		fmt.Fprintln(t.Out, summary)
	}
	for _, page := range p.Reports() {
		fmt.Fprintln(t.Out, "\nreport:", filepath.Join(filepath.Dir(c.File), page))
	}
	return err
}
