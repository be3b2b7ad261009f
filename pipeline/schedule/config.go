package schedule

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ferry-clir/ferry/schemas"
)

// Code is where the keys of the section are described.
//
//go:embed config.go hook.go
var Code embed.FS

// A Config is the section schedule of a pipeline file.
type Config struct {
	// Cron is when the pipeline runs: minute, hour, day of the month, month and day of the week, as in crontab; @hourly, @daily,
	// @weekly, @monthly or @yearly; or @every and a duration.
	Cron string `yaml:"cron" ferry:"required"`
	// Timezone is where the clock hangs by which cron is read, such as Europe/Berlin.
	Timezone string `yaml:"timezone"`
	// Overlap is what happens to a run that is due while the one before is at work: skip leaves it out, queue starts it
	// afterwards, cancel ends the one before, which keeps what is finished.
	Overlap string `yaml:"overlap"`
	// Jitter delays all runs by an amount below it that is always the same for a file on a machine, for many files of one
	// expression not to start at once.
	Jitter Duration `yaml:"jitter"`
	// CatchUp is how late a run may start that was missed, because ferry or the machine was down or asleep. One run makes up for all that
	// were missed.
	CatchUp Duration `yaml:"catch_up"`
	// Timeout is how long an attempt may take, after which it fails; 0 is no limit.
	Timeout Duration `yaml:"timeout"`
	// Retries are further attempts at a run that failed. Each goes on where the one before ended.
	Retries int `yaml:"retries"`
	// RetryAfter is the pause before the first of them; it doubles with each, up to an hour.
	RetryAfter Duration `yaml:"retry_after"`
	// Keep is how many runs are remembered, for `ferry runs`; those of `ferry run` count, too.
	Keep int `yaml:"keep"`
	// OnSuccess is called when a run of `ferry schedule` has succeeded: a command, a webhook, or both. Runs of `ferry run` call no hook.
	OnSuccess Hook `yaml:"on_success"`
	// OnFailure is called when the last attempt at such a run has failed, and for a run whose process was killed: a command, a webhook, or both.
	OnFailure Hook `yaml:"on_failure"`
}

// NewConfig returns the defaults.
func NewConfig() Config {
	return Config{Timezone: "UTC", Overlap: skip, CatchUp: Duration(24 * time.Hour), RetryAfter: Duration(time.Minute), Keep: 100}
}

// The ways to treat a run that is due while another is at work.
const (
	skip   = "skip"
	queue  = "queue"
	cancel = "cancel"
)

// Validate finds what cannot work.
func (c Config) Validate() []schemas.Mistake {
	var found []schemas.Mistake
	add := func(key, format string, args ...any) {
		found = append(found, schemas.Mistake{Key: key, Problem: fmt.Sprintf(format, args...)})
	}
	zone, err := loadZone(c.Timezone)
	if err != nil {
		add("timezone", "%s", err)
	}
	if c.Cron == "" {
		add("", "needs the key %q", "cron")
	} else if _, err := Parse(c.Cron, zone); err != nil {
		add("cron", "%s", err)
	}
	if ways := []string{skip, queue, cancel}; !slices.Contains(ways, c.Overlap) {
		add("overlap", "should be one of %s, is %q", strings.Join(ways, ", "), c.Overlap)
	}
	if c.Retries < 0 {
		add("retries", "should be at least 0, is %d", c.Retries)
	}
	if c.Keep < 1 {
		add("keep", "should be at least 1, is %d", c.Keep)
	}
	for _, h := range []struct {
		key  string
		hook Hook
	}{{"on_success", c.OnSuccess}, {"on_failure", c.OnFailure}} {
		if err := h.hook.check(); err != nil {
			add(h.key, "%s", err)
		}
	}
	return found
}

// Spec is when runs are due that are known by identity, which decides on their jitter. The configuration must be valid.
func (c Config) Spec(identity string) (Spec, error) {
	zone, err := loadZone(c.Timezone)
	if err != nil {
		return Spec{}, err
	}
	s, err := Parse(c.Cron, zone)
	s.Delay = jitter(time.Duration(c.Jitter), identity)
	return s, err
}

// loadZone finds a time zone. Local would be another one on every machine.
func loadZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("should be UTC or a name of the time zone database, such as Europe/Berlin, is %q", name)
	}
	return zone, nil
}

// A Duration is written like 90s, 15m or 24h.
type Duration time.Duration

// UnmarshalText reads a duration, which must not be negative.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil || parsed < 0 {
		return fmt.Errorf("should be a duration such as 90s, 15m or 24h, is %q", text)
	}
	*d = Duration(parsed)
	return nil
}

func (d Duration) String() string {
	text := time.Duration(d).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// MarshalText writes the duration as people do: 24h, not 24h0m0s.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
