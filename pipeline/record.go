package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ferry-clir/ferry/pipeline/schedule"
)

// An Outcome is how a run went.
type Outcome string

// The outcomes of runs.
const (
	Running     Outcome = "running"
	Succeeded   Outcome = "succeeded"
	Failed      Outcome = "failed"
	TimedOut    Outcome = "timeout"     // it took longer than the schedule allows
	Cancelled   Outcome = "cancelled"   // for the next run that was due
	Interrupted Outcome = "interrupted" // by a person, or by the end of the scheduler
	Lost        Outcome = "lost"        // its process was killed, or the machine went down
)

// A Record tells of a run. It is written when the run begins, and again when it ends.
type Record struct {
	Pipeline string    `json:"pipeline"`
	File     string    `json:"file"`
	Outcome  Outcome   `json:"outcome"`
	Due      time.Time `json:"due,omitzero"`      // when a scheduled run should have begun
	Attempt  int       `json:"attempt,omitempty"` // at that run, from 1
	Started  time.Time `json:"started"`
	Seconds  float64   `json:"seconds"`
	Made     int       `json:"made"` // steps
	Cached   int       `json:"cached"`
	Rows     int64     `json:"rows"` // that steps have made
	Bad      int64     `json:"bad"`  // rows that went to quarantine
	Error    string    `json:"error,omitempty"`
	Owner    Owner     `json:"owner"`
	Manifest string    `json:"manifest,omitempty"` // that the run writes if it succeeds, relative to the work folder
	path     string
	unsaved  bool // what is in path, if anything, is not this
}

// runsFolder holds what is remembered of runs.
func (p *Pipeline) runsFolder() string { return filepath.Join(p.Work, "runs", p.Name) }

// ID is the name of a run: when it began, in UTC; where the clock was set back, a moment after the run before.
func (r *Record) ID() string { return strings.TrimSuffix(filepath.Base(r.path), ".json") }

// Ended is when a run that is not running did; one that was lost, when it was last alive.
func (r *Record) Ended() time.Time {
	return r.Started.Add(time.Duration(r.Seconds * float64(time.Second)))
}

// recordName is when a run began, so that records sort as they happened.
const recordName = "20060102T150405.000000Z.json"

// begin writes the record of a run that begins, and finds those that were lost before.
func (p *Pipeline) begin(r *Record, owner Owner) (lost []*Record, err error) {
	records, err := p.records()
	if err != nil {
		return nil, err
	}
	if lost, err = p.findLost(records); err != nil {
		return lost, err
	}
	p.name(r, owner, records)
	r.Outcome = Running
	return lost, r.write()
}

// name fills in whose record it is, and where it stands: after the earlier ones, even if the clock was set back.
func (p *Pipeline) name(r *Record, owner Owner, earlier []*Record) {
	r.Pipeline, r.File, r.Started, r.Owner = p.Name, p.File, time.Now().UTC(), owner
	r.Manifest, _ = filepath.Rel(p.Work, p.manifestFile()) // only on another drive it is not known
	at := r.Started
	if len(earlier) > 0 {
		last, err := time.Parse(recordName, filepath.Base(earlier[len(earlier)-1].path))
		if err == nil && !at.After(last) {
			at = last.Add(time.Microsecond)
		}
	}
	r.path = filepath.Join(p.runsFolder(), at.Format(recordName))
}

func (r *Record) write() error {
	err := writeJSON(r.path, r)
	if errors.Is(err, syscall.ENOSPC) && r.overwrite() == nil {
		return nil
	}
	if r.unsaved = err != nil; r.unsaved {
		return fmt.Errorf("writing record of runs: %w", err)
	}
	return nil
}

// recordRoom is how long a record may become that is written over what it said before: a file has its disk by the block.
const recordRoom = 4096

// overwrite writes the record into the file that is there since the run began, which takes no more of a disk that is full. Should that
// break off, the record cannot be read, which is no worse than what it says now: that the run is at work.
func (r *Record) overwrite() error {
	short := *r
	text, err := json.Marshal(short)
	if over := len(text) - recordRoom; err == nil && over > 0 {
		short.Error = strings.ToValidUTF8(short.Error[:max(0, len(short.Error)-over-len("..."))], "") + "..."
		text, err = json.Marshal(short)
	}
	if err != nil {
		return err
	}
	f, err := os.OpenFile(r.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, bytes.Repeat([]byte(" "), max(0, recordRoom-len(text)))...))
	return errors.Join(err, f.Sync(), f.Close())
}

// end writes how the run went, and forgets the oldest. It returns the run's error, or its own.
func (r *Run) end(ctx context.Context, failed error) error {
	record := r.options.Record
	record.Seconds = time.Since(record.Started).Seconds()
	record.Outcome = outcomeOf(ctx, failed)
	if cause := context.Cause(ctx); failed != nil && cause != nil { // whatever it was doing when it was told to end
		record.Error = cause.Error()
	} else if failed != nil {
		record.Error = failed.Error()
	}
	if record.Outcome == TimedOut && !r.kept() {
		record.Error += "; " + stuck
		r.options.Reporter.Warned("", stuck)
	}
	if record.Error = r.pipeline.secrets.Redact(record.Error); record.Error == string(record.Outcome) {
		record.Error = "" // which says no more
	}
	record.count(r)
	err := record.write()
	if err == nil {
		err = errors.Join(r.pipeline.forget(), r.rememberSteps(), r.rememberMade())
	}
	if failed == nil && err == nil {
		if err = os.Remove(r.pipeline.tasksFile()); errors.Is(err, os.ErrNotExist) { // this run's record has it all
			err = nil
		}
	}
	if failed != nil {
		return failed
	}
	return err
}

func outcomeOf(ctx context.Context, failed error) Outcome {
	switch cause := context.Cause(ctx); {
	case failed == nil:
		return Succeeded
	case errors.Is(cause, schedule.ErrTimeout):
		return TimedOut
	case errors.Is(cause, schedule.ErrSuperseded):
		return Cancelled
	case cause != nil:
		return Interrupted
	}
	return Failed
}

// count adds up what was made, and the bad rows of what was not, too: they may be why.
func (r *Record) count(run *Run) {
	for _, u := range run.units {
		switch {
		case u.step.Section == "models" || u.twin != nil:
		case u.present:
			r.Cached++
		case u.needed && isClosed(u.ready) && !u.failed:
			r.made(u.note.Counts)
		default:
			r.Bad += run.badOf(u)
		}
	}
}

// made counts a step that the run has made.
func (r *Record) made(c counts) {
	r.Made++
	r.Bad += c.Bad
	for _, rows := range c.Out {
		r.Rows += rows
	}
}

func isClosed(ready <-chan struct{}) bool {
	select {
	case <-ready:
		return true
	default:
		return false
	}
}

// unbegun tells whether all that is known of the run is why it did not begin.
func (r *Record) unbegun() bool { return r.Seconds == 0 && r.Error != "" && r.Outcome != Lost }

// records are the runs as they are written down, the oldest first.
func (p *Pipeline) records() ([]*Record, error) {
	entries, err := os.ReadDir(p.runsFolder())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading runs: %w", err)
	}
	var records []*Record
	for _, e := range entries {
		started, err := time.Parse(recordName, e.Name())
		if err != nil {
			continue // not a record
		}
		file := filepath.Join(p.runsFolder(), e.Name())
		r, err := readRecord(file)
		if errors.Is(err, os.ErrNotExist) { // forgotten meanwhile
			continue
		}
		if err != nil { // that is no reason for not running
			r.Outcome, r.Started, r.Error = Lost, started, fmt.Sprintf("its record cannot be read: %s", err)
		}
		records = append(records, r)
	}
	return records, nil
}

func readRecord(file string) (*Record, error) {
	r := &Record{path: file}
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, r)
	}
	return r, err
}

// forget removes the records of all but the last runs.
func (p *Pipeline) forget() error {
	records, err := p.records()
	if err != nil {
		return err
	}
	keep := schedule.NewConfig().Keep
	if p.Schedule != nil {
		keep = p.Schedule.Keep
	}
	for _, r := range records[:max(0, len(records)-keep)] {
		for _, file := range []string{r.path, r.stepsFile()} {
			if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("removing records of old runs: %w", err)
			}
		}
	}
	return nil
}
