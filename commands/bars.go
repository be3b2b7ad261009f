package commands

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/ferry-clir/ferry/pipeline"
)

// bars shows the step that moved last as a progress bar, and a line for each that has finished.
type bars struct {
	lines
	out     io.Writer
	bar     *progressbar.ProgressBar
	showing string
}

func newBars(out io.Writer) *bars { return &bars{out: out} }

// Present keeps the summary and says nothing: what is done needs no time.
func (b *bars) Present(step, summary string) { b.summarize(step, summary) }

// Started says nothing: the bar appears with the first progress.
func (b *bars) Started(string) {}

// Progress moves the bar.
func (b *bars) Progress(step string, done, total int64, message string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if total <= 0 {
		total = -1
	}
	if b.showing != step || b.bar == nil || b.bar.GetMax64() != total {
		b.clear()
		b.showing = step
		b.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(b.out), progressbar.OptionShowCount(),
			progressbar.OptionShowIts(), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish())
	}
	b.bar.Describe(fmt.Sprintf("%-32s %s", step, message))
	_ = b.bar.Set64(done)
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

func (b *bars) clear() {
	if b.bar != nil {
		_ = b.bar.Clear()
		b.bar, b.showing = nil, ""
	}
}

func (b *bars) close() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.clear()
}
