package schedule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// The days of 2026 on which clocks are turned, as the governments say, in UTC.
var turned = map[string][2]string{
	"Europe/Berlin":       {"2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"}, // 02:00 to 03:00, 03:00 to 02:00
	"America/New_York":    {"2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"}, // 02:00 to 03:00, 02:00 to 01:00
	"Australia/Lord_Howe": {"2026-10-03T15:30:00Z", "2026-04-04T15:00:00Z"}, // 02:00 to 02:30, 02:00 to 01:30
	"UTC":                 {},
}

func spec(t testing.TB, expression, zone string) Spec {
	t.Helper()
	s, err := (Config{Cron: expression, Timezone: zone}).Spec("")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// dueIn lists when runs are due in a year of a zone.
func dueIn(s Spec, year int) (due []time.Time) {
	from, until := time.Date(year, 1, 1, 0, 0, 0, 0, s.zone), time.Date(year+1, 1, 1, 0, 0, 0, 0, s.zone)
	for at := s.Next(from.Add(-1)); at.Before(until); at = s.Next(at) {
		due = append(due, at)
	}
	return due
}

// TestTurnedClocks looks at the runs around the days on which clocks are turned.
func TestTurnedClocks(t *testing.T) {
	for _, c := range []struct{ expression, zone, from, want string }{
		{"30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", "28 01:30, 29 01:00, 30 00:30"}, // skipped: at 03:00
		{"30 2 * * *", "Europe/Berlin", "2026-10-24T00:00:00Z", "24 00:30, 25 00:30, 26 01:30"}, // twice: the first time
		{"0,30 2 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "29 01:00, 30 00:00, 30 00:30"},
		{"0 3 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "29 01:00, 30 01:00"},
		{"0 2-3 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "29 01:00, 30 00:00"},
		{"30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", "08 07:00, 09 06:30"},
		{"30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", "01 05:30, 02 06:30"},
		{"15 2 * * *", "Australia/Lord_Howe", "2026-10-02T20:00:00Z", "03 15:30, 04 15:15"},
		{"30 2 * * *", "Australia/Lord_Howe", "2026-10-02T20:00:00Z", "03 15:30, 04 15:30"},
		{"45 1 * * *", "Australia/Lord_Howe", "2026-04-03T20:00:00Z", "04 14:45, 05 15:15"},
		{"0 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "29 01:00, 29 02:00"},
		{"30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", "25 00:30, 25 01:30, 25 02:30"},       // both 02:30
		{"30 */2 * * *", "Europe/Berlin", "2026-03-28T23:00:00Z", "28 23:30, 29 02:30"},               // 02:30 does not come
		{"15 * * * *", "Australia/Lord_Howe", "2026-10-03T14:00:00Z", "03 14:45, 03 16:15"},           // 02:15 does not come
		{"45 * * * *", "Australia/Lord_Howe", "2026-04-04T14:00:00Z", "04 14:45, 04 15:15, 04 16:15"}, // both 01:45
		{"@every 1h", "Europe/Berlin", "2026-03-29T00:00:00Z", "29 01:00, 29 02:00"},
		{"0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", "29 22:00, 30 10:00, 30 22:00"}, // no 30 December there
		{"0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", "04 03:00, 05 02:00"},       // no midnight
	} {
		s, at := spec(t, c.expression, c.zone), parse(t, c.from)
		var got []string
		for range strings.Split(c.want, ", ") {
			at = s.Next(at)
			got = append(got, at.UTC().Format("02 15:04"))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s in %s after %s: %v, want %s", c.expression, c.zone, c.from, got, c.want)
		}
	}
}

func parse(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestYear goes through 2026 and compares with clocks that are looked at every minute: an expression that names an hour has
// one run a day, at that time or when the clocks are turned past it, and one that does not a run whenever the minute comes.
func TestYear(t *testing.T) {
	for name, days := range turned {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, hour := range []int{1, 2, 3} {
			for _, minute := range []int{15, 45} {
				expression := fmt.Sprintf("%d %d * * *", minute, hour)
				if got, want := dueIn(spec(t, expression, name), 2026), daily(t, zone, days[0], hour, minute); !slices.EqualFunc(got, want, time.Time.Equal) {
					t.Errorf("%s in %s: %d runs, want %d; they differ from %v, %v", expression, name, len(got), len(want), firstOther(got, want), firstOther(want, got))
				}
			}
		}
		for _, minute := range []int{15, 45} {
			var want []time.Time
			eachMinute(zone, func(at time.Time) {
				if at.Minute() == minute {
					want = append(want, at)
				}
			})
			expression := fmt.Sprintf("%d * * * *", minute)
			if got := dueIn(spec(t, expression, name), 2026); !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Errorf("%s in %s: %d runs, want %d", expression, name, len(got), len(want))
			}
		}
	}
}

// daily finds the first minute of each day at which a clock shows a time, or on a day that has no such minute, when the clocks
// are turned.
func daily(t *testing.T, zone *time.Location, forward string, hour, minute int) []time.Time {
	seen := map[int]time.Time{}
	eachMinute(zone, func(at time.Time) {
		if _, ok := seen[at.YearDay()]; !ok && at.Hour() == hour && at.Minute() == minute {
			seen[at.YearDay()] = at
		}
	})
	var all []time.Time
	for day := 1; day <= 365; day++ {
		at, ok := seen[day]
		if !ok {
			at = parse(t, forward)
			if at.In(zone).YearDay() != day {
				t.Fatalf("%v: nobody turned clocks on day %d", zone, day)
			}
		}
		all = append(all, at)
	}
	return all
}

func eachMinute(zone *time.Location, look func(time.Time)) {
	for at := time.Date(2026, 1, 1, 0, 0, 0, 0, zone); at.Year() == 2026; at = at.Add(time.Minute) {
		look(at)
	}
}

func firstOther(a, b []time.Time) time.Time {
	for i, at := range a {
		if i >= len(b) || !at.Equal(b[i]) {
			return at
		}
	}
	return time.Time{}
}

// TestExpressions tries what may stand in an expression, on days that a calendar shows.
func TestExpressions(t *testing.T) {
	for expression, want := range map[string]string{
		"0 3 1 * *": "2026-02-01 03:00", "0 3 * * sun": "2026-02-01 03:00", "0 3 * * 7": "2026-02-01 03:00", "0 3 * * fri-sun": "2026-01-30 03:00",
		"0 3 29 2 *": "2028-02-29 03:00", "0 3 13 * fri": "2026-01-30 03:00", // the 13th and Fridays, as in crontab(5)
		"*/20 9-17 * * mon-fri": "2026-01-29 12:20", "@daily": "2026-01-30 00:00", "@hourly": "2026-01-29 13:00", "@weekly": "2026-02-01 00:00",
		"@monthly": "2026-02-01 00:00", "@yearly": "2027-01-01 00:00", "@every 90m": "2026-01-29 13:30", "5,10 4 * jan,dec *": "2026-01-30 04:05",
	} {
		if got := spec(t, expression, "UTC").Next(parse(t, "2026-01-29T12:00:00Z")).Format("2006-01-02 15:04"); got != want {
			t.Errorf("%s: %s, want %s", expression, got, want)
		}
	}
	for expression, want := range map[string]string{
		"": "five fields", "* * * *": "five fields", "0 0 3 * * *": "five fields", "@reboot": "five fields", "0 3 30 2 *": "never comes",
		"60 3 * * *": "60", "0 3 * * someday": "someday", "TZ=UTC 3 * * *": "TZ=UTC", "@every": "five fields", "@every 1ms": "from 1s on", "@every soon": "from 1s on",
		"TZ=0": "five fields", "TZ=UTC 0 3 * * *": "five fields",
	} {
		if _, err := Parse(expression, time.UTC); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", expression, err, want)
		}
	}
}

// TestJitter delays all runs by the same amount, also over a turning of clocks.
func TestJitter(t *testing.T) {
	c := Config{Cron: "30 2 * * *", Timezone: "Europe/Berlin", Jitter: Duration(time.Hour)}
	without := dueIn(spec(t, c.Cron, c.Timezone), 2026)
	delays := map[time.Duration]bool{}
	for i := range 20 {
		s, err := c.Spec(fmt.Sprint("host", i))
		if err != nil {
			t.Fatal(err)
		}
		delays[s.Delay] = true
		if s.Delay < 0 || s.Delay >= time.Hour {
			t.Errorf("delay of %v", s.Delay)
		}
		for day, at := range dueIn(s, 2026) {
			if at.Sub(without[day]) != s.Delay {
				t.Fatalf("due at %v, want %v after %v", at, s.Delay, without[day])
			}
		}
	}
	if len(delays) < 15 {
		t.Errorf("only %d delays of 20", len(delays))
	}
}

// FuzzParse parses anything; what is accepted is due later and later.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"30 2 * * *", "*/7 1-5,9 1,31 feb-apr 0-7", "@every 1h", "@daily", "0 0 31 12 *", "59 23 29 2 7"} {
		f.Add(seed, int64(1774746000))
	}
	zones := []string{"Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"}
	f.Fuzz(func(t *testing.T, expression string, from int64) {
		zone, err := time.LoadLocation(zones[uint64(from)%uint64(len(zones))])
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(expression, zone)
		if err != nil {
			return
		}
		at := time.Unix(from%4e9, 0)
		for range 5 {
			next := s.Next(at)
			if !next.After(at) || next.Nanosecond() != 0 && s.every == 0 {
				t.Fatalf("%q: %v after %v", expression, next, at)
			}
			at = next
		}
	})
}
