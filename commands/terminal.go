package commands

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
)

// terminal is where a subcommand writes: results to Out, all else to Err.
type terminal struct {
	Out, Err io.Writer
	screen   bool                        // whether Err is one, before a person
	json     atomic.Pointer[slog.Logger] // what writes to Err, if that gets JSON lines; else nil
}

// logAs says how Err is written from now on: as lines of JSON if how is json.
func (t *terminal) logAs(how string) {
	if how == "json" {
		t.json.Store(slog.New(slog.NewJSONHandler(t.Err, nil)))
	}
}

// logger writes lines to Err.
func (t *terminal) logger() *slog.Logger {
	if log := t.json.Load(); log != nil {
		return log
	}
	return slog.New(newPlainHandler(t.Err))
}

// with gives all lines of JSON an attribute from now on.
func (t *terminal) with(key, value string) {
	if log := t.json.Load(); log != nil {
		t.json.Store(log.With(key, value))
	}
}

// say writes a line to Err for people, or its text as JSON for a log.
func (t *terminal) say(level slog.Level, before, text string) {
	if log := t.json.Load(); log != nil {
		log.Log(context.Background(), level, text)
		return
	}
	fmt.Fprintln(t.Err, before+text)
}
