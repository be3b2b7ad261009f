package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/ferry-clir/ferry/commands/telemetry"
	"github.com/ferry-clir/ferry/pipeline"
)

// loadFlags say how pipeline files are read.
type loadFlags struct {
	Offline bool     `env:"FERRY_OFFLINE" help:"Download nothing: what is not in the cache is a mistake."`
	Set     []string `sep:"none" placeholder:"KEY=VALUE" help:"Change a value of the file, such as stages.hits.top=50. May be given several times."`
}

// read reads a pipeline file, which is returned with its mistakes if it can be.
func (f loadFlags) read(file string) (*pipeline.Pipeline, error) {
	p, err := pipeline.Load(file, f.Set, os.LookupEnv)
	switch {
	case p != nil:
		p.Offline = f.Offline
		p.Fetching = func(object string) { fmt.Fprintln(os.Stderr, "fetching "+object) }
		return p, err
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w%w; `ferry init` writes a file to start from", errUsage, err)
	case remedy(err) != "": // it is not about what the user wrote
		return nil, err
	}
	return nil, fmt.Errorf("%w%w", errUsage, err)
}

// load reads and checks a pipeline file.
func (f loadFlags) load(ctx context.Context, file string) (*pipeline.Pipeline, error) {
	p, err := f.read(file)
	if p == nil {
		return nil, err
	}
	return p, p.Check(ctx) // which tells the mistakes of reading with its own
}

// ofFile tells whether load's error is of the pipeline file, rather than of what that names or where it works.
func ofFile(p *pipeline.Pipeline, err error) bool {
	var mistakes pipeline.Mistakes
	return p == nil || errors.As(err, &mistakes) && !mistakes.Outside()
}

// fileFlags are what every subcommand that reads a pipeline file takes.
type fileFlags struct {
	File string `arg:"" optional:"" default:"pipeline.yaml" help:"Pipeline file."`
	loadFlags
}

// load reads and checks the pipeline file.
func (f fileFlags) load(ctx context.Context) (*pipeline.Pipeline, error) {
	return f.loadFlags.load(ctx, f.File)
}

// workFlags say how pipelines are run.
type workFlags struct {
	Workers    int           `help:"Goroutines that compute; one a core if left out. The result does not depend on it."`
	Checkpoint time.Duration `default:"10m" help:"How often the state of training is saved, and put into the store if there is one, for a run that is killed to go on from there; Ctrl-C saves it too."`
}

func (f workFlags) check() error {
	if f.Workers < 0 {
		return fmt.Errorf("%w--workers should be at least 1, is %d", errUsage, f.Workers)
	}
	if f.Checkpoint <= 0 {
		return fmt.Errorf("%w--checkpoint should be above 0, is %v", errUsage, f.Checkpoint)
	}
	return nil
}

// run runs a pipeline that is watched and shows its results, also of one that a stage ended on purpose.
func (f workFlags) run(ctx context.Context, t *terminal, p *pipeline.Pipeline, watch *telemetry.Watch, r reporter, o pipeline.Options) error {
	watched, began := watch.Run(p, r), o.Began
	o.Workers, o.Checkpoint, o.Reporter = f.Workers, f.Checkpoint, watched
	o.Began = func(run string) {
		began(run)
		watched.Began(run)
	}
	err := p.Run(ctx, o)
	watched.Ended(o.Record.Outcome, err)
	r.close()
	if o.Share.Number > 1 {
		return err // the first shows results
	}
	var refusal *pipeline.Refusal
	if err != nil && !errors.As(err, &refusal) {
		return err
	}
	for _, summary := range r.results() {
		fmt.Fprintln(t.Out, summary)
	}
	for _, page := range p.Reports() {
		fmt.Fprintln(t.Out, "\nreport:", filepath.Join(filepath.Dir(p.File), page))
	}
	return err
}

type runCommand struct {
	fileFlags
	workFlags
	watchFlags
	Tasks        pipeline.Share `placeholder:"I/N" help:"Do the part of one of N processes that work in one folder at the same time, such as 3/16 for the third."`
	Wait         time.Duration  `default:"1h" help:"With --tasks: how long to wait for what another of the processes is to make while that is not at work."`
	Engine       string         `placeholder:"ADDRESS" help:"Who does tasks on other machines: a Spark Connect server, such as sc://host:15002, a Spark master, such as spark://host:7077, or local for nobody, whatever the pipeline file says."`
	EngineBinary string         `placeholder:"PATH" help:"Where the other machines have this very ferry, if not at the same path. Without it, ferry sends itself where it is needed."`
	Log          string         `enum:"auto,bars,plain,json" default:"auto" help:"How progress is told: bars, plain or json lines; auto is bars on a terminal."`
}

func (c *runCommand) Run(ctx context.Context, t *terminal) error {
	t.logAs(c.Log)
	if err := c.check(); err != nil {
		return err
	}
	if c.Wait < 0 {
		return fmt.Errorf("%w--wait should be at least 0, is %v", errUsage, c.Wait)
	}
	if err := pipeline.CheckEngine(c.Engine); err != nil {
		return fmt.Errorf("%w--engine %w", errUsage, err)
	}
	p, err := c.load(ctx)
	if err != nil {
		c.record(ctx, t, p, err)
		return err
	}
	if err := c.checkBinary(p); err != nil {
		return err
	}
	t.with("pipeline", p.Name)
	watch, err := c.watch(ctx, t, false, p)
	if err != nil {
		return err
	}
	defer watch.Close(ctx)
	r := newReporter(c.Log, t)
	began := func(run string) {
		t.with("run", run)
		r.began(run)
	}
	return c.run(ctx, t, p, watch, r, pipeline.Options{Share: c.Tasks, Wait: c.Wait, Engine: c.Engine, EngineBinary: c.EngineBinary, Record: &pipeline.Record{}, Began: began})
}

// checkBinary refuses an --engine-binary that no machine of an engine could find.
func (c *runCommand) checkBinary(p *pipeline.Pipeline) error {
	switch engine := cmp.Or(c.Engine, p.Engine); {
	case c.EngineBinary == "":
	case engine == "" || engine == pipeline.LocalEngine:
		return fmt.Errorf("%w--engine-binary is where the machines of an engine have ferry, and there is no engine; --engine names one", errUsage)
	case !path.IsAbs(c.EngineBinary):
		return fmt.Errorf("%w--engine-binary should begin with /, as each machine works in a folder of its own; is %q", errUsage, c.EngineBinary)
	}
	return nil
}

// record leaves a record of a run that cannot begin, so that whoever looks in the morning at what cron began finds it; unless it is
// for mistakes in the pipeline file, which are for whoever writes that.
func (c *runCommand) record(ctx context.Context, t *terminal, p *pipeline.Pipeline, failed error) {
	if c.Tasks.Number > 1 || ofFile(p, failed) {
		return
	}
	if err := p.RecordFailure(ctx, &pipeline.Record{}, failed); err != nil {
		t.say(slog.LevelWarn, "ferry: ", "`ferry status` will not know of this run: "+err.Error())
	}
}
