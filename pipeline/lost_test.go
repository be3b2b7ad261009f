package pipeline

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestLostWork has a run that was killed when it had made everything, and one when it had looked what there is: what they did is known
// but for their ends.
func TestLostWork(t *testing.T) {
	p := scheduled(t)
	for range 2 {
		want := &Record{}
		if err := p.Run(t.Context(), Options{Reporter: &events{}, Record: want}); err != nil {
			t.Fatal(err)
		}
		killed := &Record{Outcome: Running, Started: want.Started, path: want.path}
		if err := errors.Join(killed.write(), os.Chtimes(want.path, time.Time{}, want.Started)); err != nil {
			t.Fatal(err)
		}
		runs, err := p.Runs()
		if err != nil {
			t.Fatal(err)
		}
		got := runs[len(runs)-1]
		if got.Outcome != Lost || got.Made != want.Made || got.Cached != want.Cached || got.Rows != want.Rows || got.Seconds > want.Seconds || got.Seconds > 0 != (want.Made > 0) {
			t.Errorf("%+v is said of %+v", got, want)
		}
	}
}

// TestRunsMeanwhile looks at the runs while one after the other begins and ends: none of them is lost.
func TestRunsMeanwhile(t *testing.T) {
	p := scheduled(t)
	var running sync.WaitGroup
	var ended atomic.Bool
	running.Go(func() {
		defer ended.Store(true)
		for range 50 {
			if err := p.Run(t.Context(), Options{Reporter: &events{}}); err != nil {
				t.Error(err)
			}
		}
	})
	for !ended.Load() {
		runs, err := p.Runs()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			if r.Outcome != Running && r.Outcome != Succeeded {
				t.Errorf("%+v", r)
			}
		}
	}
	running.Wait()
}

// TestBeat has a run killed in its 36th second that had kept nothing: when it was last alive is known to ten seconds.
func TestBeat(t *testing.T) {
	p := scheduled(t)
	synctest.Test(t, func(t *testing.T) {
		r := &Record{}
		if _, err := p.begin(r, Owner{PID: 7}); err != nil {
			t.Fatal(err)
		}
		stop := touch(r.path, heartbeat)
		time.Sleep(36 * time.Second)
		synctest.Wait()
		stop()
		if runs, err := p.Runs(); err != nil || len(runs) != 1 || runs[0].Outcome != Lost || runs[0].Seconds != 30 {
			t.Errorf("%+v, %v", runs[0], err)
		}
	})
}

// TestLost has a run by hand find what was lost: the hook is told of a run that the schedule had begun, once, and not of one by
// hand. A scheduler that starts while another run is at work leaves that alone.
func TestLost(t *testing.T) {
	p := scheduled(t)
	hook := filepath.Join(p.dir, "told")
	p.Schedule.OnFailure.Command = []string{"tee", "-a", hook}
	run := func() {
		t.Helper()
		if err := p.Run(t.Context(), Options{Reporter: &events{}}); err != nil {
			t.Fatal(err)
		}
		if told, _ := os.ReadFile(hook); strings.Count(string(told), `"outcome":"lost"`) != 1 || strings.Count(string(told), "\n") != 1 {
			t.Errorf("the hook is told %q", told)
		}
	}
	for _, due := range []time.Time{time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC), {}} {
		if _, err := p.begin(&Record{Due: due}, Owner{PID: 7}); err != nil {
			t.Fatal(err)
		}
	}
	// The first of the two was found when the second began, as by a process that was killed before it told anybody.
	records, err := p.records()
	if err != nil || len(records) != 2 || records[0].Outcome != Lost || records[1].Outcome != Running {
		t.Fatalf("%d records, %v", len(records), err)
	}
	records[0].Outcome = Running
	if err := records[0].write(); err != nil {
		t.Fatal(err)
	}
	run()
	run()

	owner, unlock, err := lock(p.Work)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	working := &Record{Due: time.Date(2026, 1, 3, 3, 0, 0, 0, time.UTC)}
	if _, err := p.begin(working, owner); err != nil {
		t.Fatal(err)
	}
	s := &Scheduler{Pipeline: p, Log: slog.New(slog.DiscardHandler)}
	if err := s.TellLost(t.Context()); err != nil {
		t.Fatal(err)
	}
	if runs, err := p.Runs(); err != nil || runs[len(runs)-1].Outcome != Running {
		t.Errorf("the run at work is %s, %v", runs[len(runs)-1].Outcome, err)
	}
}
