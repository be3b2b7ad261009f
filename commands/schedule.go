package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/sourcegraph/conc/pool"

	"github.com/ferry-clir/ferry/commands/telemetry"
	"github.com/ferry-clir/ferry/pipeline"
)

type scheduleCommand struct {
	Files []string `arg:"" help:"Pipeline files with a section schedule."`
	loadFlags
	workFlags
	watchFlags
	Log string `enum:"plain,json" default:"plain" help:"How progress is told: plain or json lines."`
}

func (c *scheduleCommand) Help() string {
	return "Files are read again for each run, but for their section schedule. Ctrl-C and SIGTERM end what is at work, which the next scheduler goes on with, and count as success."
}

func (c *scheduleCommand) Run(ctx context.Context, t *terminal) error {
	t.logAs(c.Log)
	if err := c.check(); err != nil {
		return err
	}
	var pipelines []*pipeline.Pipeline
	for _, file := range slices.Compact(slices.Sorted(slices.Values(c.Files))) {
		p, err := c.open(ctx, t, file)
		if err != nil {
			return err
		}
		if p.Schedule == nil {
			return fmt.Errorf("%w%s: has no section schedule; add one, such as schedule: {cron: \"0 3 * * *\"}", errUsage, file)
		}
		release, err := p.Hold()
		if err != nil {
			return err
		}
		defer release()
		pipelines = append(pipelines, p)
	}
	watch, err := c.watch(ctx, t, true, pipelines...)
	if err != nil {
		return err
	}
	defer watch.Close(ctx)
	var schedulers []*pipeline.Scheduler
	for _, p := range pipelines {
		s := c.scheduler(t, p, watch)
		if err := s.TellLost(ctx); err != nil {
			return err
		}
		schedulers = append(schedulers, s)
	}
	working := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError()
	for _, s := range schedulers {
		working.Go(s.Serve)
	}
	err = working.Wait()
	if stopped := (interruption{}); errors.As(err, &stopped) {
		return nil
	}
	return err
}

// open reads and checks a pipeline file. That something is not there which it names is for the run to tell that misses it, as it does
// every night: it keeps no other pipeline from being run.
func (c *scheduleCommand) open(ctx context.Context, t *terminal, file string) (*pipeline.Pipeline, error) {
	p, err := c.load(ctx, file)
	var mistakes pipeline.Mistakes
	if errors.As(err, &mistakes) && mistakes.Outside() {
		t.say(slog.LevelWarn, "ferry: ", "a run would fail now: "+err.Error())
		return p, nil
	}
	return p, err
}

func (c *scheduleCommand) scheduler(t *terminal, p *pipeline.Pipeline, watch *telemetry.Watch) *pipeline.Scheduler {
	log := t.logger().With("pipeline", p.Name)
	return &pipeline.Scheduler{
		Pipeline: p,
		Load:     func(ctx context.Context) (*pipeline.Pipeline, error) { return c.load(ctx, p.File) },
		Run: func(ctx context.Context, p *pipeline.Pipeline, record *pipeline.Record) error {
			r := &lines{log: log}
			return c.run(ctx, t, p, watch, r, pipeline.Options{Record: record, Began: r.began})
		},
		Log: log,
	}
}
