package commands

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// plainHandler writes log records as lines that read like sentences: `22:01:05 stages.hits: finished, hits 1200` or
// `22:01:05 stages.hits: progress, 300 of 1200 documents`.
type plainHandler struct {
	mutex sync.Mutex
	out   io.Writer
	about string // what all lines are about, empty if that is plain
}

// Enabled is true from info on.
func (h *plainHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

// Handle writes one line.
func (h *plainHandler) Handle(_ context.Context, r slog.Record) error {
	var step string
	var rest []string
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "step":
			step = a.Value.String()
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
	})
	line := r.Time.Format("15:04:05") + " "
	if h.about != "" {
		line += h.about + ": "
	}
	if step != "" {
		line += step + ": "
	}
	line += r.Message
	if len(rest) > 0 {
		line += ", " + strings.Join(rest, ", ")
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	_, err := fmt.Fprintln(h.out, line)
	return err
}

// WithAttrs is not used.
func (h *plainHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup is not used.
func (h *plainHandler) WithGroup(string) slog.Handler { return h }
