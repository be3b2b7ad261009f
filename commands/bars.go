package commands

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/ferry-clir/ferry/pipeline"
)

// bars shows one progress bar, and a line for each step that has finished.
type bars struct {
	lines
	out     io.Writer
	all     map[string]*progressbar.ProgressBar // by step
	showing string                              // the step whose bar is on the line, empty if none is
	moved   time.Time                           // when that bar last did
}

const (
	refresh  = 100 * time.Millisecond // between two states of the bar
	patience = 2 * time.Second        // how long a step that does not move keeps the line from others
)

func newBars(out io.Writer) *bars {
	return &bars{out: out, all: map[string]*progressbar.ProgressBar{}}
}

// began says nothing: nobody looks at more than one run.
func (b *bars) began(string) {}

// Present keeps the summary and says nothing: what is done needs no time.
func (b *bars) Present(step string, f pipeline.Finished) { b.summarize(step, f.Summary) }

// Started says nothing: the bar appears with the first progress.
func (b *bars) Started(string) {}

// Progress moves the bar, or puts another in its place.
func (b *bars) Progress(step string, done, total int64, message string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	still := time.Since(b.moved)
	if b.showing == step && still < refresh || b.showing != "" && b.showing != step && still < patience {
		return
	}
	if b.showing != step {
		b.clear()
	}
	b.showing, b.moved = step, time.Now()
	bar := b.bar(step, total)
	_ = bar.Set64(done)
	bar.Describe(fmt.Sprintf("%-32s %s", step, message))
}

// bar returns the step's bar, which runs to total; 0 or less means that nobody knows yet.
func (b *bars) bar(step string, total int64) *progressbar.ProgressBar {
	if total <= 0 {
		total = -1
	}
	bar := b.all[step]
	if bar == nil { // the spinner's interval of 0 keeps it from drawing by itself, long after the step is done
		bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(b.out), progressbar.OptionShowCount(),
			progressbar.OptionShowIts(), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(0),
			progressbar.OptionSetSpinnerChangeInterval(0), progressbar.OptionClearOnFinish())
		b.all[step] = bar
	} else if bar.GetMax64() != total {
		bar.ChangeMax64(total)
	}
	return bar
}

// Warned clears the bar and writes a line.
func (b *bars) Warned(step, warning string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.clear()
	if step != "" {
		step = fmt.Sprintf("%-32s ", step)
	}
	fmt.Fprintf(b.out, "%swarning: %s\n", step, warning)
}

// Finished clears the bar and writes a line.
func (b *bars) Finished(step string, f pipeline.Finished) {
	b.summarize(step, f.Summary)
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.clear()
	line := fmt.Sprintf("%-32s %8s  %s", step, f.Took.Round(10*time.Millisecond), rowsText(f))
	fmt.Fprintln(b.out, strings.TrimRight(line, " "))
}

// Failed clears the bar and writes a line.
func (b *bars) Failed(step string, err error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.clear()
	fmt.Fprintf(b.out, "%-32s   failed  %s\n", step, err)
}

// clear takes the bar off the line.
func (b *bars) clear() {
	if bar := b.all[b.showing]; bar != nil {
		_ = bar.Clear()
	}
	b.showing = ""
}

func (b *bars) close() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.clear()
}
