package pipeline

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/ferry-clir/ferry/pipeline/host"
)

// A Status is how things stand with a pipeline.
type Status struct {
	Scheduler *Owner    // nil if none is at work
	Holder    *Owner    // who is at work in the work folder, for whatever pipeline; nil if nobody is
	Next      time.Time // when the next run is due; zero without a schedule
	Overdue   time.Time // when a run was due that has not begun; zero if none was
	Running   *Record   // nil if none
	Last      *Record   // that has ended; nil if none
	Succeeded *Record   // the last that did; nil if none
	Problems  []string  // empty if all is well
}

// Status looks what is known of a pipeline's runs. It need not have been checked.
func (p *Pipeline) Status() (s Status, err error) {
	records, err := p.Runs()
	if err != nil {
		return s, err
	}
	for _, r := range records {
		if r.Outcome == Running {
			s.Running = r
			continue
		}
		s.Last = r
		if r.Outcome == Succeeded {
			s.Succeeded = r
		}
	}
	if s.Last != nil && s.Last != s.Succeeded {
		s.Problems = append(s.Problems, "the last run did not succeed")
	}
	if why := p.unrecordable(); why != "" {
		s.Problems = append(s.Problems, why)
	}
	if s.Holder, err = holder(filepath.Join(p.Work, lockName)); err != nil || p.Schedule == nil {
		return s, err
	}
	if s.Scheduler, err = holder(p.schedulerLock()); err != nil {
		return s, err
	}
	if s.Scheduler == nil {
		s.Problems = append(s.Problems, "no scheduler is at work")
	}
	return s, p.addNext(&s)
}

// unrecordable says why a run that fails now cannot be told of afterwards; empty if there is no reason.
func (p *Pipeline) unrecordable() string {
	why := ""
	switch err := host.Unwritable(p.Work); {
	case errors.Is(err, syscall.EROFS):
		why = err.Error()
	case host.Free(p.Work) == 0:
		why = syscall.ENOSPC.Error()
	default:
		return ""
	}
	return fmt.Sprintf("nothing can be written to the work folder, not even that a run fails for it: %s", why)
}

// addNext finds when the next run is due, which may be long ago.
func (p *Pipeline) addNext(s *Status) error {
	spec, err := p.spec()
	if err != nil {
		return err
	}
	last, err := p.readSettled()
	if err != nil {
		return err
	}
	now := time.Now()
	s.Next = spec.Next(now)
	if last.Cron != p.Schedule.Cron || last.Timezone != p.Schedule.Timezone {
		return nil
	}
	if due := spec.Next(last.Until.Add(spec.Delay)); s.Running == nil && now.Sub(due) > 2*time.Minute { // a minute is how long a scheduler may doze
		s.Overdue = due
		s.Problems = append(s.Problems, fmt.Sprintf("a run is overdue since %s", spec.Show(due)))
	}
	return nil
}

// Runs are the runs that are remembered, the oldest first. One that is said to be running is, or else it is lost.
func (p *Pipeline) Runs() ([]*Record, error) {
	records, err := p.records()
	if err != nil {
		return nil, err
	}
	sharers, err := atWork(p.Work, 0)
	if err != nil {
		return nil, err
	}
	var owners []Owner
	for _, s := range sharers {
		owners = append(owners, s.Owner)
	}
	if owner, err := holder(filepath.Join(p.Work, lockName)); err != nil {
		return nil, err
	} else if owner != nil {
		owners = append(owners, *owner)
	}
	records = p.withUnsaved(records)
	for i, r := range records {
		if r.Outcome != Running || slices.Contains(owners, r.Owner) {
			continue
		}
		if now, err := readRecord(r.path); err == nil && now.Outcome != Running { // it has ended just now
			records[i] = now
		} else {
			p.lose(r)
		}
	}
	return records, nil
}
