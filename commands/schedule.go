package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/sourcegraph/conc/pool"

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
	var schedulers []*pipeline.Scheduler
	for _, file := range slices.Compact(slices.Sorted(slices.Values(c.Files))) {
		p, err := c.open(ctx, t, file)
		if err != nil {
			return err
		}
		if p.Schedule == nil {
			return fmt.Errorf("%w%s: has no section schedule; add one, such as schedule: {cron: \"0 3 * * *\"}", errUsage, file)
		}
		s, err := c.hold(ctx, t, p)
		if err != nil {
			return err
		}
		defer s.Release()
		pipelines, schedulers = append(pipelines, p), append(schedulers, s)
	}
	watch, err := c.watch(ctx, t, true, pipelines...)
	if err != nil {
		return err
	}
	defer watch.Close(ctx)
	working := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError()
	for _, s := range schedulers {
		s.Run = func(ctx context.Context, p *pipeline.Pipeline, record *pipeline.Record) error {
			r := &lines{log: s.Log}
			return c.run(ctx, t, p, watch, r, pipeline.Options{Record: record, Began: r.began})
		}
		working.Go(s.Serve)
	}
	err = working.Wait()
	if stopped := (interruption{}); errors.As(err, &stopped) {
		return nil
	}
	return err
}

// open reads and checks a pipeline file. That something is not there which it names, or that its work folder takes nothing, is for the
// run to tell that misses it, as it does every night: it keeps no other pipeline from being run.
func (c *scheduleCommand) open(ctx context.Context, t *terminal, file string) (*pipeline.Pipeline, error) {
	p, err := c.load(ctx, file)
	if err == nil || ctx.Err() != nil || ofFile(p, err) {
		return p, err
	}
	c.warn(t, err)
	return p, nil
}

// hold makes this process the pipeline's only scheduler, and tells of the runs that were lost with the one before.
func (c *scheduleCommand) hold(ctx context.Context, t *terminal, p *pipeline.Pipeline) (*pipeline.Scheduler, error) {
	s := &pipeline.Scheduler{
		Pipeline: p,
		Load:     func(ctx context.Context) (*pipeline.Pipeline, error) { return c.load(ctx, p.File) },
		Log:      t.logger().With("pipeline", p.Name),
	}
	err := s.Hold()
	if errors.As(err, new(*pipeline.Busy)) {
		return nil, err
	}
	if err == nil {
		err = s.TellLost(ctx)
	}
	if err != nil {
		c.warn(t, fmt.Errorf("%s: %w", p.File, err))
	}
	return s, nil
}

func (c *scheduleCommand) warn(t *terminal, err error) {
	t.say(slog.LevelWarn, "ferry: ", "a run would fail now: "+withRemedy(err))
}
