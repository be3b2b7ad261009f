package commands

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ferry-clir/ferry/pipeline"
)

type statusCommand struct {
	Files []string `arg:"" optional:"" default:"pipeline.yaml" help:"Pipeline files."`
	loadFlags
}

func (c *statusCommand) Help() string {
	return "The exit code is 1 if anything is wrong: the last run of a pipeline did not succeed, a run is overdue, a file has a section schedule and no scheduler is at work, or nothing can be written to the work folder, so that nobody could tell of a run that fails."
}

func (c *statusCommand) Run(t *terminal) error {
	wrong := 0
	for i, file := range c.Files {
		p, err := c.read(file)
		if p == nil {
			return err
		}
		s, err := p.Status()
		if err != nil {
			return err
		}
		if i > 0 {
			fmt.Fprintln(t.Out)
		}
		if err := writeStatus(t, p, s); err != nil {
			return err
		}
		if len(s.Problems) > 0 {
			wrong++
		}
	}
	if wrong > 0 {
		return errors.New("not all is well")
	}
	return nil
}

func writeStatus(t *terminal, p *pipeline.Pipeline, s pipeline.Status) error {
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s (%s)\n", p.Name, p.File)
	if p.Schedule != nil {
		fmt.Fprintf(w, "  schedule\t%s, %s\n", p.Schedule.Cron, p.Schedule.Timezone)
		if s.Scheduler != nil {
			fmt.Fprintf(w, "  scheduler\t%s\n", s.Scheduler)
		}
		fmt.Fprintf(w, "  next\t%s (in %v)\n", s.Next.Format("2006-01-02 15:04:05 MST"), time.Until(s.Next).Round(time.Second))
	}
	if r := s.Running; r != nil {
		fmt.Fprintf(w, "  running\tsince %s (%v), %s\n", local(r.Started), time.Since(r.Started).Round(time.Second), whatFor(r))
	}
	if r := s.Last; r != nil {
		at := "at"
		if r.Outcome == pipeline.Lost { // nobody saw its end
			at = "after"
		}
		fmt.Fprintf(w, "  last\t%s %s %s, %s%s\n", r.Outcome, at, local(r.Ended()), whatFor(r), because(r))
	} else {
		fmt.Fprintf(w, "  last\tnone\n")
	}
	if r := s.Succeeded; r != nil && r != s.Last {
		fmt.Fprintf(w, "  succeeded\tlast at %s\n", local(r.Ended()))
	}
	for _, problem := range s.Problems {
		fmt.Fprintf(w, "  problem\t%s\n", problem)
	}
	return w.Flush()
}

func local(at time.Time) string { return at.Local().Format(time.DateTime) }

// whatFor says why a run began.
func whatFor(r *pipeline.Record) string {
	if r.Due.IsZero() {
		return "started by hand"
	}
	return fmt.Sprintf("due at %s, attempt %d", local(r.Due), r.Attempt)
}

// because is a run's error, on one line.
func because(r *pipeline.Record) string {
	if r.Error == "" {
		return ""
	}
	return ": " + strings.Join(strings.Fields(r.Error), " ")
}
