package commands

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// plainHandler writes log records as lines that read like sentences: `22:01:05 stages.hits: finished, hits 1200` or
// `22:01:05 stages.hits: progress, 300 of 1200 documents`.
type plainHandler struct {
	mutex *sync.Mutex // of out
	out   io.Writer
	attrs []slog.Attr // of all lines
}

func newPlainHandler(out io.Writer) *plainHandler {
	return &plainHandler{mutex: &sync.Mutex{}, out: out}
}

// Enabled is true from info on.
func (h *plainHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

// Handle writes one line.
func (h *plainHandler) Handle(_ context.Context, r slog.Record) error {
	line := r.Time.Format("15:04:05") + " "
	var rest []string
	add := func(a slog.Attr) bool {
		switch a.Key {
		case "pipeline", "step":
			line += a.Value.String() + ": "
		case "run": // a person sees which
		case "done":
			rest = append(rest, a.Value.String())
		case "total":
			if a.Value.Int64() > 0 {
				rest[len(rest)-1] += " of " + a.Value.String()
			}
		case "message":
			rest[len(rest)-1] += " " + a.Value.String()
		default:
			rest = append(rest, a.Key+" "+a.Value.String())
		}
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	line += r.Message
	if len(rest) > 0 {
		line += ", " + strings.Join(rest, ", ")
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	_, err := fmt.Fprintln(h.out, line)
	return err
}

// WithAttrs is a handler whose lines all have attrs, too.
func (h *plainHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &plainHandler{h.mutex, h.out, append(slices.Clip(h.attrs), attrs...)}
}

// WithGroup is not used.
func (h *plainHandler) WithGroup(string) slog.Handler { return h }
