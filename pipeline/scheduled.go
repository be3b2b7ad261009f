package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ferry-clir/ferry/pipeline/schedule"
)

// A Scheduler runs a pipeline whenever it is due.
type Scheduler struct {
	// Pipeline as it was when the scheduler started: its schedule holds until the end.
	Pipeline *Pipeline
	// Load reads and checks the file again, for each attempt.
	Load func(context.Context) (*Pipeline, error)
	// Run runs what was loaded, and fills in the record.
	Run     func(context.Context, *Pipeline, *Record) error
	Log     *slog.Logger
	release func() // ends Hold; nil while nothing is held
}

// A settled is what a scheduler remembers: up to when all is settled that was due by a schedule, without the delay by jitter, which
// is another one when the machine has got another name.
type settled struct {
	Cron     string    `json:"cron"`
	Timezone string    `json:"timezone"`
	Until    time.Time `json:"until"`
}

func (p *Pipeline) settledFile() string { return filepath.Join(p.runsFolder(), "schedule.json") }

// schedulerLock is held by the one scheduler that a pipeline may have.
func (p *Pipeline) schedulerLock() string { return filepath.Join(p.runsFolder(), "scheduler") }

// spec is when the pipeline is due. The jitter is of this file on this machine.
func (p *Pipeline) spec() (schedule.Spec, error) {
	host, _ := os.Hostname()
	return p.Schedule.Spec(host + "\x00" + filepath.Join(p.dir, filepath.Base(p.File)))
}

// Hold makes this process the pipeline's scheduler until Release is called or the process ends; a second one gets an error that
// is Busy. Any other is of the work folder, and each attempt tries again: somebody may have mended it.
func (s *Scheduler) Hold() error {
	if s.release != nil {
		return nil
	}
	_, release, err := hold(s.Pipeline.schedulerLock())
	var busy *Busy
	if errors.As(err, &busy) {
		busy.What = "another scheduler is at work for " + s.Pipeline.File
		busy.Remedy = "one is enough"
	}
	s.release = release
	return err
}

// Release lets another process be the pipeline's scheduler.
func (s *Scheduler) Release() {
	if s.release != nil {
		s.release()
	}
}

// Serve runs the pipeline until ctx ends, whose cause it returns. It should be held. In a work folder that cannot be read or written
// runs fail, and that is told as of any other run.
func (s *Scheduler) Serve(ctx context.Context) error {
	spec, err := s.Pipeline.spec()
	if err != nil {
		return err
	}
	until, err := s.settledUntil(spec.Delay)
	if err != nil {
		s.Log.Error("it is not known what has run; runs are due from now on", "because", err.Error())
		until = time.Now()
	}
	settle := func(until time.Time) error { return s.Pipeline.settle(until.Add(-spec.Delay)) }
	if err := settle(until); err != nil {
		s.Log.Error("cannot remember what has run", "because", err.Error())
	}
	job := &schedule.Job{Config: *s.Pipeline.Schedule, Spec: spec, Until: until, Remember: settle, Run: s.attempt, Log: s.Log, Now: time.Now}
	return job.Serve(ctx)
}

// settledUntil is from when on runs are due: where the scheduler before ended or, if there was none by this schedule, now. A run that
// died again and again is settled, lest it takes every scheduler with it; TellLost has told of it.
func (s *Scheduler) settledUntil(delay time.Duration) (time.Time, error) {
	p := s.Pipeline
	last, err := p.readSettled()
	last.Until = last.Until.Add(delay)
	if err != nil || last.Cron != p.Schedule.Cron || last.Timezone != p.Schedule.Timezone {
		return time.Now(), err
	}
	records, err := p.records()
	if err != nil || len(records) < mostDeaths {
		return last.Until, err
	}
	records = records[len(records)-mostDeaths:]
	due := records[0].Due
	for _, r := range records {
		if !due.After(last.Until) || !r.Due.Equal(due) || r.Outcome != Lost && r.Outcome != Running {
			return last.Until, nil
		}
	}
	s.Log.Error("a run is given up, since the process died of it", "due", due.String(), "times", mostDeaths)
	return due, nil
}

// mostDeaths is how often a run may take its process with it.
const mostDeaths = 3

func (p *Pipeline) readSettled() (s settled, err error) {
	data, err := os.ReadFile(p.settledFile())
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		return s, fmt.Errorf("reading %s: %w; remove that file to begin anew", p.settledFile(), err)
	}
	return s, nil
}

func (p *Pipeline) settle(until time.Time) error {
	return writeJSON(p.settledFile(), settled{p.Schedule.Cron, p.Schedule.Timezone, until.UTC()})
}

// attempt makes an attempt at a run, once nobody else is at work in the folder. The record it returns tells how that went, even if
// it could not be written.
func (s *Scheduler) attempt(ctx context.Context, due time.Time, number int) (any, error) {
	s.Pipeline.saveEarlier()
	record := &Record{Due: due.UTC(), Attempt: number}
	p, err := s.load(ctx)
	if err == nil {
		err = s.await(ctx, p, record)
	} else {
		p = s.Pipeline
	}
	if err != nil && (record.Outcome == "" || record.Outcome == Running || record.Outcome == Succeeded) {
		err = errors.Join(err, p.RecordFailure(ctx, record, err))
	}
	if record.unsaved {
		s.Pipeline.addUnsaved(record)
	}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		err = schedule.Final{Err: err}
	}
	return record, err
}

// load reads the file again, unless another scheduler has come while this one could not hold the pipeline. That it still cannot is for
// the run to say, which writes to the same folder.
func (s *Scheduler) load(ctx context.Context) (*Pipeline, error) {
	if err := s.Hold(); errors.As(err, new(*Busy)) {
		return nil, err
	}
	return s.Load(ctx)
}

// await runs the pipeline as soon as nobody else is at work in its folder.
func (s *Scheduler) await(ctx context.Context, p *Pipeline, record *Record) error {
	for told := false; ; told = true {
		err := s.Run(ctx, p, record)
		var busy *Busy
		if !errors.As(err, &busy) {
			return err
		}
		if !told {
			s.Log.Info("waiting for another run that is at work in "+p.Work, "owner", busy.Owner.String())
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
}

// RecordFailure leaves a record of a run that did not get as far as to begin, or whose record could not be written. It returns what
// is in the way of that.
func (p *Pipeline) RecordFailure(ctx context.Context, r *Record, failed error) error {
	var unread error
	if r.path == "" {
		records, err := p.records()
		unread = err
		p.name(r, thisProcess(), records)
	}
	r.Outcome, r.Error = outcomeOf(ctx, failed), p.secrets.Redact(failed.Error())
	err := r.write()
	if err == nil && unread == nil {
		err = p.forget()
	}
	return errors.Join(unread, err)
}

// addUnsaved remembers how an attempt went whose record could not be written, and forgets the oldest.
func (p *Pipeline) addUnsaved(r *Record) {
	all := append(slices.Clone(*p.unsaved.Load()), r)
	all = all[max(0, len(all)-p.Schedule.Keep):]
	p.unsaved.Store(&all)
}

// saveEarlier writes down, now that there may be room, how the attempts went whose records could not be written.
func (p *Pipeline) saveEarlier() {
	left := *p.unsaved.Load()
	for len(left) > 0 && left[0].write() == nil {
		left = left[1:]
	}
	p.unsaved.Store(&left)
}

// withUnsaved adds to the records that are written down those that could not be, in place of what they said before.
func (p *Pipeline) withUnsaved(records []*Record) []*Record {
	for _, r := range *p.unsaved.Load() {
		i, found := slices.BinarySearchFunc(records, r, func(a, b *Record) int { return strings.Compare(a.path, b.path) })
		if found {
			records[i] = r
		} else {
			records = slices.Insert(records, i, r)
		}
	}
	return records
}
