package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// The reasons for which an attempt is told to stop, as causes of its context.
var (
	ErrTimeout    = errors.New("took longer than timeout allows")
	ErrSuperseded = errors.New("the next run was due")
)

// Final marks an error that another attempt would meet again.
type Final struct{ Err error }

func (f Final) Error() string { return f.Err.Error() }

// Unwrap returns the error.
func (f Final) Unwrap() error { return f.Err }

// A Job runs something whenever it is due.
type Job struct {
	Config
	Spec Spec
	// Until is the time up to which all that was due is settled, in an earlier life of the job too.
	Until time.Time
	// Remember is called when Until has moved.
	Remember func(until time.Time) error
	// Run makes an attempt, the first being number 1, at the run that was due. It returns a summary for the hooks. When ctx ends, it
	// should leave what it has for the next attempt, and return soon.
	Run func(ctx context.Context, due time.Time, attempt int) (summary any, err error)
	Log *slog.Logger
	Now func() time.Time // time.Now, but for tests
}

const (
	// Clocks are set and machines fall asleep, so nobody waits longer than this without looking at the clock.
	look = time.Minute
	// A run that starts later than this was missed.
	onTime = time.Minute
	// The pause between attempts grows no longer.
	longestRest = time.Hour
)

// Serve runs what is due until ctx ends, whose cause it returns.
func (j *Job) Serve(ctx context.Context) error {
	var due time.Time
	for {
		var err error
		if due.IsZero() {
			due, err = j.await(ctx)
		}
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err == nil {
			due, err = j.run(ctx, due)
		}
		if err != nil {
			return err
		}
	}
}

// now is the time on the wall: differences that a monotonic clock measures leave out how long a machine slept.
func (j *Job) now() time.Time { return j.Now().Round(0) }

// await returns when a run is due, with the time for which it was, the last if it is several.
func (j *Job) await(ctx context.Context) (time.Time, error) {
	for {
		next := j.Spec.Next(j.Until)
		if next.After(j.now()) {
			j.Log.Info("waiting", "until", j.Spec.Show(next))
		}
		for !j.ahead() && next.After(j.now()) {
			if err := j.sleep(ctx, next); err != nil {
				return next, err
			}
		}
		if due := j.missed(next, j.now()); !due.IsZero() {
			return due, nil
		}
	}
}

// ahead tells whether what is settled lies so far ahead of the clock that the clock was wrong then or is now; from now on it is
// believed. What a clock shows again that was set back by less is not due again.
func (j *Job) ahead() bool {
	now := j.now()
	by := j.Until.Sub(now)
	if by <= 24*time.Hour {
		return false
	}
	j.Log.Warn("the last run is ahead of the clock, which was wrong then or is now", "by", by.String())
	j.settle(now)
	return true
}

// sleep waits for an instant, but no longer than nobody looks at the clock.
func (j *Job) sleep(ctx context.Context, until time.Time) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-j.after(until):
		return nil
	}
}

func (j *Job) after(until time.Time) <-chan time.Time {
	return time.After(min(look, max(0, until.Sub(j.now()))))
}

// missed is the last of the times up to now, the first of which is given, if that is not too long ago; else all are settled.
func (j *Job) missed(first, now time.Time) time.Time {
	due := j.lastDue(j.Until, now)
	switch {
	case first.After(now): // not due at all
	case due.IsZero():
		j.Log.Warn("a run was missed too long ago to catch up", "due", j.Spec.Show(first))
		j.settle(now)
	case now.Sub(due) > onTime:
		j.Log.Warn("catching up with a run that was missed", "due", j.Spec.Show(due))
	}
	return due
}

// lastDue is the last time after from and up to now at which a run is due, zero if none is recent enough to catch up.
func (j *Job) lastDue(from, now time.Time) (last time.Time) {
	if begin := now.Add(-max(onTime, time.Duration(j.CatchUp)) - 1); from.Before(begin) {
		from = begin
	}
	for next := j.Spec.Next(from); !next.After(now); next = j.Spec.Next(next) {
		last = next
	}
	return last
}

// settle remembers that nothing is left of what was due until then.
func (j *Job) settle(until time.Time) {
	j.Until = until
	if err := j.Remember(until); err != nil {
		j.Log.Error("cannot remember what has run", "because", err.Error())
	}
}

// run makes attempts at a run until one succeeds, none is left, or another run takes its place: then it returns when that was due.
func (j *Job) run(ctx context.Context, due time.Time) (next time.Time, err error) {
	for attempt := 1; ; attempt++ {
		summary, last, next, failed := j.attempt(ctx, due, attempt)
		if failed != nil && ctx.Err() != nil {
			return next, context.Cause(ctx)
		}
		if failed == nil {
			j.Log.Info("succeeded", "attempt", attempt)
		} else {
			j.Log.Error("failed", "attempt", attempt, "because", failed.Error())
		}
		if failed != nil && next.IsZero() && attempt <= j.Retries && !errors.As(failed, new(Final)) {
			if next, err = j.pause(ctx, last, j.rest(attempt)); err != nil {
				return next, err
			}
			if next.IsZero() {
				continue
			}
		}
		if next.IsZero() {
			j.settle(last)
		} else {
			j.settle(due)
		}
		if !errors.Is(failed, ErrSuperseded) {
			j.tell(ctx, summary, failed)
		}
		return next, nil
	}
}

// tell calls the hooks. A job that is told to end still tells how its last run went.
func (j *Job) tell(ctx context.Context, summary any, failed error) {
	hook := j.OnSuccess
	if failed != nil {
		hook = j.OnFailure
	}
	if err := hook.Call(ctx, summary); err != nil {
		j.Log.Warn("a hook failed", "because", err.Error())
	}
}

// rest is the pause after an attempt.
func (j *Job) rest(attempt int) time.Duration {
	rest := time.Duration(j.RetryAfter)
	for ; attempt > 1 && rest < longestRest; attempt-- {
		rest = min(2*rest, longestRest)
	}
	return rest
}

// pause waits for the next attempt, or for the next run to be due, which takes its place.
func (j *Job) pause(ctx context.Context, last time.Time, rest time.Duration) (next time.Time, err error) {
	j.Log.Info("resting before the next attempt", "for", rest.String())
	again := j.now().Add(rest)
	for j.now().Before(again) {
		next := j.Spec.Next(last)
		if !next.After(j.now()) {
			return next, nil
		}
		if next.After(again) {
			next = again
		}
		if err := j.sleep(ctx, next); err != nil {
			return next, err
		}
	}
	return next, nil
}

// attempt makes an attempt, and treats what is due meanwhile as configured. last is the last time at which anything was due, next
// that of the run that comes after this one, zero if it should be waited for.
func (j *Job) attempt(ctx context.Context, due time.Time, number int) (summary any, last, next time.Time, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if j.Timeout > 0 {
		limited, done := context.WithTimeoutCause(ctx, time.Duration(j.Timeout), fmt.Errorf("%w (%v)", ErrTimeout, j.Timeout))
		defer done()
		ctx = limited
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		summary, err = j.Run(ctx, due, number)
		if err != nil && ctx.Err() != nil { // whatever it was doing when it was told to end
			err = context.Cause(ctx)
		}
	}()
	for last = due; ; {
		upcoming := j.Spec.Next(last)
		select {
		case <-ended:
			return summary, last, next, err
		case <-j.after(upcoming):
		}
		now := j.now()
		if upcoming.After(now) {
			continue
		}
		if last = j.lastDue(last, now); last.IsZero() { // the machine slept
			last = now
			continue
		}
		next = j.overlap(last, next, stop)
	}
}

// overlap decides about a run that is due while another is at work, after which next is to run: it returns what is to run then.
func (j *Job) overlap(due, next time.Time, stop context.CancelCauseFunc) time.Time {
	switch j.Overlap {
	case queue:
		if next.IsZero() {
			j.Log.Warn("a run is due and waits for the one at work", "due", j.Spec.Show(due))
		}
		return due
	case cancel:
		if next.IsZero() {
			j.Log.Warn("a run is due, for which the one at work ends", "due", j.Spec.Show(due))
		}
		stop(ErrSuperseded)
		return due
	}
	j.Log.Warn("a run is due and left out, since one is at work", "due", j.Spec.Show(due))
	return next
}
