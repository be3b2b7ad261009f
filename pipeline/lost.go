package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// findLost finds the runs that ended without a word, and writes that down. Whoever holds the lock of the work folder is alone, so
// that none of them can be at work.
func (p *Pipeline) findLost(records []*Record) (lost []*Record, err error) {
	for _, r := range records {
		if r.Outcome == Running {
			p.lose(r)
			if err := r.write(); err != nil {
				return lost, err
			}
			lost = append(lost, r)
		}
	}
	return lost, nil
}

// heartbeat is how often the file of a run's record is touched.
const heartbeat = 10 * time.Second

// lose marks a run whose process is gone, and finds in the cache what it has made, and when it was last alive.
func (p *Pipeline) lose(r *Record) {
	r.Outcome, r.Error = Lost, fmt.Sprintf("process %d on %s ended without a word", r.Owner.PID, r.Owner.Host)
	if beaten, err := os.Stat(r.path); err == nil {
		r.Seconds = max(0, beaten.ModTime().Sub(r.Started).Seconds())
	}
	steps, err := r.steps()
	if err != nil {
		return // it did not get so far
	}
	s, seen := openStore(p.Work, nil), map[key]bool{}
	for _, step := range steps {
		folder, err := os.Stat(s.folder(step.Result))
		if err != nil || seen[step.Result] {
			continue
		}
		seen[step.Result] = true
		r.Seconds = max(r.Seconds, folder.ModTime().Sub(r.Started).Seconds())
		written, err := os.Stat(filepath.Join(s.folder(step.Result), done+".json"))
		if err != nil {
			continue // it is not complete
		}
		if written.ModTime().Before(r.Started) {
			r.Cached++
		} else if n, ok, err := s.read(step.Result, done); err == nil && ok {
			r.made(n.Counts)
		}
	}
}

// tellLost calls the hook for those of the lost runs that the schedule had begun. Whoever began another by hand has seen its end.
func (p *Pipeline) tellLost(ctx context.Context, lost []*Record) (failed error) {
	for _, r := range lost {
		if p.Schedule != nil && !r.Due.IsZero() {
			failed = errors.Join(failed, p.Schedule.OnFailure.Call(ctx, r))
		}
	}
	return failed
}

// TellLost finds the runs that were lost with the scheduler before, and calls the hook for each; unless somebody is at work, who
// has done so.
func (s *Scheduler) TellLost(ctx context.Context) error {
	_, unlock, err := lock(s.Pipeline.Work)
	var busy *Busy
	if errors.As(err, &busy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock()
	records, err := s.Pipeline.records()
	if err != nil {
		return err
	}
	lost, err := s.Pipeline.findLost(records)
	for _, r := range lost {
		s.Log.Error("a run was lost", "started", r.Started.String(), "because", r.Error)
	}
	if failed := s.Pipeline.tellLost(ctx, lost); failed != nil {
		s.Log.Warn("a hook failed", "because", failed.Error())
	}
	return err
}
