package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // a container that holds nothing but ferry has no time zones

	"github.com/netresearch/go-cron"
)

// A Spec says when runs are due.
//
// Where the clocks of the zone are turned, an expression that names hours means wall times, each of which counts once: one that is
// skipped is due when the clocks are turned, one that comes twice is due the first time. An expression whose hours begin with
// a star, like @every, means the time that passes: it is due whenever a clock shows what it asks for, so that an hour that is
// skipped has no run, and one that comes twice has twice as many.
type Spec struct {
	fields  cron.Schedule // of wall times; nil for @every
	every   time.Duration
	passing bool // the hours begin with a star
	zone    *time.Location
	// Delay is by how much a run is due later than the expression says.
	Delay time.Duration
}

// The library is asked about wall times alone, which it takes for UTC: there it knows no turning of clocks.
var parser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.DowOrDom).WithMaxSearchYears(12)

var macros = map[string]string{
	"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
	"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}

// Parse reads a cron expression, whose wall times are those of a zone.
func Parse(expression string, zone *time.Location) (Spec, error) {
	if text, ok := strings.CutPrefix(expression, "@every "); ok {
		every, err := time.ParseDuration(strings.TrimSpace(text))
		if err != nil || every < time.Second {
			return Spec{}, fmt.Errorf("@every takes a duration from 1s on, such as 15m, not %q", text)
		}
		return Spec{every: every, zone: zone}, nil
	}
	expanded := expression
	if macro, ok := macros[expression]; ok {
		expanded = macro
	}
	fields := strings.Fields(expanded)
	if len(fields) != 5 {
		return Spec{}, fmt.Errorf("should be five fields (minute, hour, day of the month, month, day of the week), @daily or the like, or @every 15m, is %q", expression)
	}
	parsed, err := parser.Parse(strings.Join(fields, " "))
	if err != nil {
		return Spec{}, fmt.Errorf("%q: %w", expression, err)
	}
	if parsed.Next(time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return Spec{}, errors.New("that day never comes")
	}
	return Spec{fields: parsed, passing: strings.HasPrefix(fields[1], "*"), zone: zone}, nil
}

// Next is the first instant after another at which a run is due, in the spec's zone.
func (s Spec) Next(after time.Time) time.Time {
	after = after.Round(0).Add(-s.Delay) // without what a monotonic clock says
	switch {
	case s.every > 0:
		after = after.Truncate(s.every).Add(s.every)
	case s.passing:
		after = s.nextPassing(after)
	default:
		after = s.nextNamed(after)
	}
	return after.Add(s.Delay).In(s.zone)
}

// Show writes an instant as the clocks of the zone show it.
func (s Spec) Show(at time.Time) string { return at.In(s.zone).Format("2006-01-02 15:04:05 MST") }

// nextNamed goes through wall times until one comes after the instant. Instants never go back as wall times go forward.
func (s Spec) nextNamed(after time.Time) time.Time {
	for wall := s.wall(after); ; {
		wall = s.fields.Next(wall)
		if at := s.instant(wall); at.After(after) {
			return at
		}
	}
}

// nextPassing looks between one turning of the clocks and the next, where wall times are as far from instants.
func (s Spec) nextPassing(after time.Time) time.Time {
	from, within := after, after
	for {
		offset := s.offset(within)
		at := s.fields.Next(from.UTC().Add(offset)).Add(-offset)
		_, turned := within.In(s.zone).ZoneBounds()
		if turned.IsZero() || at.Before(turned) {
			return at
		}
		from, within = turned.Add(-1), turned // it may be due exactly then
	}
}

// offset is how far the zone's clocks are ahead of UTC.
func (s Spec) offset(at time.Time) time.Duration {
	_, seconds := at.In(s.zone).Zone()
	return time.Duration(seconds) * time.Second
}

// wall is what the zone's clocks show, as if that were UTC.
func (s Spec) wall(at time.Time) time.Time { return at.UTC().Add(s.offset(at)) }

// instant is when the zone's clocks show a wall time first or, if they never do, when they are turned.
func (s Spec) instant(wall time.Time) time.Time {
	at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, s.zone)
	begin, end := at.ZoneBounds()
	switch shown := s.wall(at); {
	case shown.After(wall): // skipped, and at lies behind the gap
		return begin
	case shown.Before(wall): // skipped, and at lies before it
		return end
	}
	if begin.IsZero() {
		return at
	}
	if earlier := wall.Add(-s.offset(begin.Add(-1))); earlier.Before(begin) && !earlier.After(at) { // shown before the clocks were turned back
		return earlier
	}
	return at
}

// jitter is an amount below limit that depends on an identity alone, in whole seconds if limit has any.
func jitter(limit time.Duration, identity string) time.Duration {
	if limit <= 0 {
		return 0
	}
	sum := sha256.Sum256([]byte(identity))
	return time.Duration(binary.BigEndian.Uint64(sum[:]) % uint64(limit)).Truncate(min(time.Second, limit))
}
