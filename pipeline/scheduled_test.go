package pipeline

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/pipeline/schedule"
)

// scheduled is a pipeline in a folder of its own that takes a row from a file every day at three.
func scheduled(t *testing.T) *Pipeline {
	t.Helper()
	folder := t.TempDir()
	put(t, filepath.Join(folder, "documents.jsonl"), `{"id": "d1", "text": "noon"}`)
	put(t, filepath.Join(folder, "pipeline.yaml"), `
name: "[nightly]"
schedule: {cron: "0 3 * * *", keep: 3}
sources:
  documents: {kind: jsonl, path: documents.jsonl, language: en}
sinks:
  documents: {kind: parquet, from: documents, path: out/documents.parquet}
`)
	p, err := Load(filepath.Join(folder, "pipeline.yaml"), nil, os.LookupEnv)
	if err == nil {
		err = p.Check(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRecords looks at what runs leave behind: outcomes, numbers, no more than is to be kept. Neither a damaged record nor one of
// a process that is gone keeps others from running.
func TestRecords(t *testing.T) {
	p := scheduled(t)
	run := func(ctx context.Context) *Record {
		r := &Record{}
		if err := p.Run(ctx, Options{Reporter: &events{}, Record: r}); err != nil {
			t.Log(err)
		}
		return r
	}
	if r := run(t.Context()); r.Outcome != Succeeded || r.Made != 2 || r.Cached != 0 || r.Rows != 1 || r.Seconds <= 0 {
		t.Errorf("first run: %+v", r)
	}
	if r := run(t.Context()); r.Outcome != Succeeded || r.Made != 0 || r.Cached != 2 || r.Rows != 0 {
		t.Errorf("second run: %+v", r)
	}
	for want, cause := range map[Outcome]error{TimedOut: schedule.ErrTimeout, Cancelled: schedule.ErrSuperseded, Interrupted: errors.New("a person")} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		if err := os.Remove(filepath.Join(p.dir, "out/documents.parquet")); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		why := map[Outcome]string{TimedOut: cause.Error() + "; " + stuck}
		if r := run(ctx); r.Outcome != want || r.Error != orElse(why[want], cause.Error()) {
			t.Errorf("%v: %+v", cause, r)
		}
		if status, err := p.Status(); err != nil || !slices.Contains(status.Problems, "the last run did not succeed") {
			t.Errorf("%v: %+v, %v", cause, status, err)
		}
	}
	put(t, filepath.Join(p.runsFolder(), "20260102T030405.000000Z.json"), "{")
	put(t, filepath.Join(p.runsFolder(), "20260102T030406.000000Z.json"), `{"outcome": "running", "owner": {"pid": 7, "host": "elsewhere"}}`)
	runs, err := p.Runs()
	if err != nil || len(runs) != 5 || runs[0].Outcome != Lost || runs[1].Outcome != Lost || runs[1].Error != "process 7 on elsewhere ended without a word" {
		t.Errorf("%d runs, %v: %+v %+v", len(runs), err, runs[0], runs[1])
	}
	run(t.Context())
	if runs, err = p.Runs(); err != nil || len(runs) != 3 || runs[2].Outcome != Succeeded {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	put(t, filepath.Join(p.runsFolder(), "21260102T030405.000000Z.json"), "{") // before the clock was set back
	r := run(t.Context())
	if runs, err = p.Runs(); err != nil || len(runs) != 3 || runs[2].ID() != r.ID() || !runs[2].Started.Equal(r.Started) {
		t.Errorf("the last of %d runs is %s at %v, %v", len(runs), runs[2].ID(), runs[2].Started, err)
	}
}

// TestKept compares what a run has left with when it began.
func TestKept(t *testing.T) {
	p := scheduled(t)
	began := time.Now().Add(-time.Second)
	if err := p.Run(t.Context(), Options{Reporter: &events{}}); err != nil {
		t.Fatal(err)
	}
	for started, want := range map[time.Time]bool{began: true, time.Now().Add(time.Second): false} {
		r := p.newRun(Options{Record: &Record{Started: started}})
		var err error
		if r.units, err = p.units(t.Context(), r.store, r.hashes); err != nil || r.kept() != want {
			t.Errorf("a run since %v has kept something: %v, %v", started, !want, err)
		}
	}
}

// TestDeaths starts a scheduler after its process died: it tells of each death once, and takes up the run, but not a run that has
// killed three.
func TestDeaths(t *testing.T) {
	p := scheduled(t)
	due, until := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)
	if err := p.settle(until); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := &Scheduler{Pipeline: p, Log: slog.New(slog.NewTextHandler(&log, nil))}
	hook := filepath.Join(p.dir, "told.json")
	p.Schedule.OnFailure.Command = []string{"tee", "-a", hook}
	for deaths := range 4 {
		for range 2 {
			if err := s.TellLost(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.settledUntil(0)
		want := until
		if deaths == 3 {
			want = due
		}
		if err != nil || !got.Equal(want) || strings.Contains(log.String(), "given up") != (deaths == 3) {
			t.Errorf("after %d deaths: settled until %v, %v\n%s", deaths, got, err, log.String())
		}
		if told, _ := os.ReadFile(hook); strings.Count(string(told), `"outcome":"lost","due":"2026-01-02T03:00:00Z"`) != deaths {
			t.Errorf("after %d deaths the hook is told %q", deaths, told)
		}
		r := &Record{Due: due}
		if _, err := p.begin(r, Owner{PID: 7}); err != nil {
			t.Fatal(err)
		}
	}
	p.Schedule.Cron = "0 4 * * *" // that has never been served
	if got, err := s.settledUntil(0); err != nil || time.Since(got) > time.Minute {
		t.Errorf("settled until %v, %v", got, err)
	}
}

// TestUnsaved makes attempts while the work folder takes no lock, then no record, then no more than the beginning of one, as on a
// full disk: the hook's summary and the status tell of each as of any other, and so do the records once there is room.
func TestUnsaved(t *testing.T) {
	p := scheduled(t)
	due := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	runs := p.runsFolder()
	nowhere := func() {
		if err := errors.Join(os.MkdirAll(filepath.Dir(runs), 0o777), os.Symlink(filepath.Join(p.dir, "missing"), runs)); err != nil {
			t.Fatal(err)
		}
	}
	run := func(ctx context.Context, p *Pipeline, r *Record) error {
		return p.Run(ctx, Options{Reporter: &events{}, Record: r})
	}
	load := func(ctx context.Context) (*Pipeline, error) {
		p, err := Load(p.File, []string{"schedule.keep=9"}, os.LookupEnv)
		if err == nil {
			err = p.Check(ctx)
		}
		return p, err
	}
	s := &Scheduler{Pipeline: p, Load: load, Log: slog.New(slog.DiscardHandler)}
	nowhere()
	for number, c := range []struct {
		want string
		run  func(context.Context, *Pipeline, *Record) error
	}{
		{"locking work folder", func(ctx context.Context, p *Pipeline, r *Record) error {
			lock := filepath.Join(p.Work, lockName)
			if err := os.Mkdir(lock, 0o777); err != nil {
				t.Fatal(err)
			}
			defer os.Remove(lock)
			return run(ctx, p, r)
		}},
		{"writing record of runs", run},
		{"writing record of runs", func(ctx context.Context, p *Pipeline, r *Record) error {
			if err := os.Remove(runs); err != nil {
				t.Fatal(err)
			}
			return p.Run(ctx, Options{Reporter: &events{}, Record: r, Began: func(string) {
				if err := os.Rename(runs, runs+"-full"); err != nil {
					t.Fatal(err)
				}
				nowhere()
			}})
		}},
	} {
		s.Run = c.run
		summary, err := s.attempt(t.Context(), due, number)
		r := summary.(*Record)
		if err == nil || r.Pipeline != p.Name || r.File != p.File || r.Outcome != Failed || time.Since(r.Started) > time.Minute || !r.Due.Equal(due) || !strings.Contains(r.Error, c.want) {
			t.Errorf("attempt %d, %v: %+v", number, err, r)
		}
		if known, err := p.Runs(); err != nil || len(known) != number+1 {
			t.Errorf("after attempt %d there are %d, %v", number, len(known), err)
		}
		status, err := p.Status()
		if err != nil || status.Last == nil || status.Last.Attempt != number || !strings.Contains(strings.Join(status.Problems, ";"), "the last run did not succeed") {
			t.Errorf("after attempt %d: %+v, %v", number, status, err)
		}
	}
	if err := errors.Join(os.Remove(runs), os.Rename(runs+"-full", runs)); err != nil {
		t.Fatal(err)
	}
	s.Run = run
	if _, err := s.attempt(t.Context(), due, 3); err != nil {
		t.Fatal(err)
	}
	if records, err := p.records(); err != nil || len(records) != 4 || records[0].Attempt != 0 || records[1].Attempt != 1 || records[2].Outcome != Failed || records[3].Outcome != Succeeded || len(*p.unsaved.Load()) > 0 {
		t.Errorf("%d records, %v: %+v", len(records), err, records)
	}
}

// TestWhy changes a configuration whose texts may be secrets: what is remembered of it does not hold them.
func TestWhy(t *testing.T) {
	p := scheduled(t)
	if err := p.Run(t.Context(), Options{Reporter: &events{}}); err != nil {
		t.Fatal(err)
	}
	if known := read(t, p.stepsFile()); !strings.Contains(known, hiddenMark) || strings.Contains(known, `"language": "en"`) {
		t.Errorf("remembered: %s", known)
	}
	for set, want := range map[string]string{
		"sources.documents.max_line=7": "will run, max_line 1048576 -> 7\n", "sources.documents.language=hunter2": "will run, language changed\n",
		"seed=3": "done\n", "sources.documents.table=documents": "done\n",
	} {
		other, err := Load(p.File, []string{set}, os.LookupEnv)
		if err == nil {
			err = other.Check(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		plan, err := other.Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var why bytes.Buffer
		if err := plan.Why(&why, "sources.documents"); err != nil || !strings.HasSuffix(why.String(), ": "+want) {
			t.Errorf("%s: %s%v", set, why.String(), err)
		}
	}
}
