package schedule

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A diary is a job whose runs are written down.
type diary struct {
	*Job
	runs   []string // when each attempt began, and what for
	starts []time.Time
	log    bytes.Buffer
	jump   atomic.Int64 // nanoseconds by which the wall's clock is ahead of the bubble's
}

// newDiary makes a job in the time of a synctest bubble, whose clock stands at from. Each attempt does do.
func newDiary(t *testing.T, c Config, from string, do func(ctx context.Context, attempt int) error) *diary {
	t.Helper()
	time.Sleep(time.Until(parse(t, from)))
	s, err := c.Spec("")
	if err != nil {
		t.Fatal(err)
	}
	d := &diary{}
	d.Job = &Job{Config: c, Spec: s, Until: time.Now(), Remember: func(time.Time) error { return nil }, Log: slog.New(slog.NewTextHandler(&d.log, nil))}
	d.Now = func() time.Time { return time.Now().Add(time.Duration(d.jump.Load())) }
	d.Run = func(ctx context.Context, due time.Time, attempt int) (any, error) {
		d.starts = append(d.starts, d.Now())
		d.runs = append(d.runs, fmt.Sprintf("%s for %s", d.Now().UTC().Format("02 15:04:05"), due.UTC().Format("15:04:05")))
		return nil, do(ctx, attempt)
	}
	return d
}

// serve lets a job work for a while.
func (d *diary) serve(t *testing.T, long time.Duration) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), long)
	defer stop()
	if err := d.Serve(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended with %v", err)
	}
}

// want compares the runs with a list, or part of the log with a text.
func (d *diary) want(t *testing.T, runs ...string) {
	t.Helper()
	if !slices.Equal(d.runs, runs) {
		t.Errorf("runs:\n%s\nwant:\n%s\nlog:\n%s", strings.Join(d.runs, "\n"), strings.Join(runs, "\n"), d.log.String())
	}
}

// every is a configuration for runs that are due often.
func every(d string) Config {
	c := NewConfig()
	c.Cron = "@every " + d
	return c
}

// work takes that long, unless it is told to stop.
func work(long time.Duration) func(context.Context, int) error {
	return func(ctx context.Context, _ int) error {
		select {
		case <-time.After(long):
			return nil
		case <-ctx.Done():
			return errors.New("in the middle of something")
		}
	}
}

// TestServeYear serves for all of 2026, in several zones at once: each run begins the moment it is due.
func TestServeYear(t *testing.T) {
	served := 0.0
	defer func() { t.Logf("served for %.0f hours", served) }()
	for zone := range turned {
		for _, expression := range []string{"15 2 * * *", "45 1 * * *"} {
			t.Run(zone+" "+expression, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := NewConfig()
					c.Cron, c.Timezone = expression, zone
					s := spec(t, expression, zone)
					from := time.Date(2026, 1, 1, 0, 0, 0, 0, s.zone)
					d := newDiary(t, c, from.Format(time.RFC3339), work(10*time.Second))
					year := time.Until(from.AddDate(1, 0, 0))
					d.serve(t, year)
					served += year.Hours()
					if want := dueIn(s, 2026); !slices.EqualFunc(d.starts, want, time.Time.Equal) {
						t.Errorf("%d runs, want %d; they differ from %v, %v", len(d.starts), len(want), firstOther(d.starts, want), firstOther(want, d.starts))
					}
				})
			})
		}
	}
}

// TestOverlap has runs that take two and a half times as long as there is between them.
func TestOverlap(t *testing.T) {
	for overlap, want := range map[string][]string{
		skip:   {"01 00:10:00 for 00:10:00", "01 00:40:00 for 00:40:00", "01 01:10:00 for 01:10:00"},
		queue:  {"01 00:10:00 for 00:10:00", "01 00:35:00 for 00:30:00", "01 01:00:00 for 01:00:00"},
		cancel: {"01 00:10:00 for 00:10:00", "01 00:20:00 for 00:20:00", "01 00:30:00 for 00:30:00", "01 00:40:00 for 00:40:00", "01 00:50:00 for 00:50:00", "01 01:00:00 for 01:00:00", "01 01:10:00 for 01:10:00"},
	} {
		t.Run(overlap, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := every("10m")
				c.Overlap = overlap
				d := newDiary(t, c, "2026-01-01T00:00:00Z", work(25*time.Minute))
				d.serve(t, 75*time.Minute)
				d.want(t, want...)
			})
		})
	}
}

// TestCatchUp starts a job that has missed runs.
func TestCatchUp(t *testing.T) {
	for _, c := range []struct {
		window time.Duration
		since  string
		want   []string
	}{
		{24 * time.Hour, "2026-01-04T04:00:00Z", []string{"10 12:00:00 for 03:00:00", "11 03:00:00 for 03:00:00"}}, // one for six
		{8 * time.Hour, "2026-01-04T04:00:00Z", []string{"11 03:00:00 for 03:00:00"}},                              // nine hours ago
		{0, "2026-01-04T04:00:00Z", []string{"11 03:00:00 for 03:00:00"}},
		{24 * time.Hour, "2026-01-10T03:00:00Z", []string{"11 03:00:00 for 03:00:00"}}, // ran today
	} {
		synctest.Test(t, func(t *testing.T) {
			daily := NewConfig()
			daily.Cron, daily.CatchUp = "0 3 * * *", Duration(c.window)
			d := newDiary(t, daily, "2026-01-10T12:00:00Z", work(time.Minute))
			d.Until = parse(t, c.since)
			d.serve(t, 24*time.Hour)
			d.want(t, c.want...)
		})
	}
}

// TestRetries fails, and tries again after pauses that double, until it works, or no attempt is left, or the next run is due.
func TestRetries(t *testing.T) {
	errBroken := errors.New("broken")
	for _, c := range []struct {
		name string
		fail func(attempt int) error
		want []string
	}{
		{"works at last", func(n int) error {
			if n < 3 {
				return errBroken
			}
			return nil
		}, []string{"01 03:00:00 for 03:00:00", "01 03:01:00 for 03:00:00", "01 03:03:00 for 03:00:00", "01 06:00:00 for 06:00:00", "01 06:01:00 for 06:00:00", "01 06:03:00 for 06:00:00"}},
		{"never works", func(int) error { return errBroken },
			[]string{"01 03:00:00 for 03:00:00", "01 03:01:00 for 03:00:00", "01 03:03:00 for 03:00:00", "01 03:07:00 for 03:00:00", "01 06:00:00 for 06:00:00", "01 06:01:00 for 06:00:00", "01 06:03:00 for 06:00:00", "01 06:07:00 for 06:00:00"}},
		{"is final", func(int) error { return fmt.Errorf("so it is: %w", Final{errBroken}) }, []string{"01 03:00:00 for 03:00:00", "01 06:00:00 for 06:00:00"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := every("3h")
				config.Retries = 3
				d := newDiary(t, config, "2026-01-01T00:00:00Z", func(_ context.Context, attempt int) error { return c.fail(attempt) })
				d.serve(t, 7*time.Hour)
				d.want(t, c.want...)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		config := every("10m")
		config.Retries = 5
		d := newDiary(t, config, "2026-01-01T00:00:00Z", func(context.Context, int) error { return errBroken })
		d.serve(t, 20*time.Minute+30*time.Second)
		d.want(t, "01 00:10:00 for 00:10:00", "01 00:11:00 for 00:10:00", "01 00:13:00 for 00:10:00", "01 00:17:00 for 00:10:00", "01 00:20:00 for 00:20:00")
	})
	synctest.Test(t, func(t *testing.T) {
		config := every("24h")
		config.Retries, config.RetryAfter = 3, Duration(40*time.Minute)
		d := newDiary(t, config, "2026-01-01T23:00:00Z", func(context.Context, int) error { return errBroken })
		d.serve(t, 6*time.Hour)
		d.want(t, "02 00:00:00 for 00:00:00", "02 00:40:00 for 00:00:00", "02 01:40:00 for 00:00:00", "02 02:40:00 for 00:00:00")
	})
}

// TestTimeout ends attempts that take too long; the next goes on.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := every("3h")
		c.Timeout, c.Retries = Duration(time.Hour), 1
		d := newDiary(t, c, "2026-01-01T00:00:00Z", work(2*time.Hour))
		d.serve(t, 5*time.Hour+30*time.Minute)
		d.want(t, "01 03:00:00 for 03:00:00", "01 04:01:00 for 03:00:00")
		if !strings.Contains(d.log.String(), "longer than timeout allows (1h)") {
			t.Errorf("log:\n%s", d.log.String())
		}
	})
}

// TestClockJumps sets the clock while the job waits and while it runs: nothing runs twice for one time, one run makes up for what
// was jumped over, and a clock that was a year ahead does not stop everything for a year.
func TestClockJumps(t *testing.T) {
	for _, c := range []struct {
		name string
		at   time.Duration // from 02:00 on
		jump time.Duration
		want []string
	}{
		{"back after a run", 90 * time.Minute, -time.Hour, []string{"01 03:00:00 for 03:00:00", "01 04:00:00 for 04:00:00"}},
		{"back during a run", 65 * time.Minute, -time.Hour, []string{"01 03:00:00 for 03:00:00", "01 04:00:00 for 04:00:00"}},
		{"forward", 30 * time.Minute, 150 * time.Minute, []string{"01 05:01:00 for 05:00:00", "01 06:00:00 for 06:00:00"}},
		{"over a run at work", 65 * time.Minute, time.Hour, []string{"01 03:00:00 for 03:00:00", "01 05:00:00 for 05:00:00"}},
		{"years back", 90 * time.Minute, -48 * time.Hour, []string{"01 03:00:00 for 03:00:00", "30 04:00:00 for 04:00:00", "30 05:00:00 for 05:00:00"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDiary(t, every("1h"), "2026-01-01T02:00:00Z", work(10*time.Minute))
				go func() {
					time.Sleep(c.at + 30*time.Second)
					d.jump.Store(int64(c.jump))
				}()
				d.serve(t, parse(t, "2026-01-01T02:00:00Z").Add(195*time.Minute).Sub(time.Now()))
				if len(d.runs) < len(c.want) {
					t.Fatalf("runs: %v\n%s", d.runs, d.log.String())
				}
				d.runs = d.runs[:len(c.want)]
				d.want(t, c.want...)
			})
		})
	}
}

// TestInterrupted tells a job to stop while it works: the run is not settled, and the next life of the job goes on with it.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary(t, every("1h"), "2026-01-01T02:00:00Z", work(10*time.Minute))
		d.serve(t, 65*time.Minute)
		if !d.Until.Equal(parse(t, "2026-01-01T02:00:00Z")) {
			t.Errorf("settled until %v", d.Until)
		}
		time.Sleep(10 * time.Minute)
		d.serve(t, 30*time.Minute)
		d.want(t, "01 03:00:00 for 03:00:00", "01 03:15:00 for 03:00:00")
		if !d.Until.Equal(parse(t, "2026-01-01T03:00:00Z")) {
			t.Errorf("settled until %v", d.Until)
		}
	})
}
