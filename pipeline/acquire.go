package pipeline

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sources"
)

// Catalogue lists the published files that ferry knows where to download.
func Catalogue() []sources.Published { return sources.Catalogue() }

// missing are the files of a source that have yet to be downloaded.
func (s *Step) missing() []sources.Published {
	if c, ok := s.component.(acquirer); ok {
		return sources.Missing(c.Published())
	}
	return nil
}

// unreachable is the mistake of a source that needs files which may not be downloaded.
func (s *Step) unreachable() []schemas.Mistake {
	missing := s.missing()
	if len(missing) == 0 {
		return nil
	}
	return []schemas.Mistake{{Key: "download", Problem: fmt.Sprintf("ferry is offline, and %s is not in the cache; to download: %s",
		missing[0].URL, sources.Weight(missing)), Outside: true}}
}

// downloads are the files that all sources miss, each once. The pipeline must have been checked.
func (p *Pipeline) downloads() []sources.Published {
	var all []sources.Published
	for _, s := range p.Steps {
		for _, file := range s.missing() {
			if !slices.Contains(all, file) {
				all = append(all, file)
			}
		}
	}
	return all
}

// WriteDownloads lists what a run would download first, with sizes; nothing if that is nothing.
func (p *Pipeline) WriteDownloads(w io.Writer) error {
	files := p.downloads()
	if len(files) == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(w, "to download: %s\n", sources.Weight(files)); err != nil {
		return err
	}
	for _, file := range files {
		if _, err := fmt.Fprintf(w, "  %s: %s\n", file.URL, file.Weight()); err != nil {
			return err
		}
	}
	return nil
}

// acquire downloads what the sources miss, before anything is read: keys are made of what files hold.
func (p *Pipeline) acquire(ctx context.Context, reporter Reporter) error {
	for _, s := range p.Steps {
		for _, file := range s.missing() {
			step := s.Where() + ", " + file.File
			started := time.Now()
			reporter.Started(step)
			arriving := &meter{reporter: reporter, step: step}
			if err := sources.Acquire(ctx, file, arriving.progress, arriving.waiting); err != nil {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				return fmt.Errorf("%s: %w", s.Where(), err)
			}
			reporter.Finished(step, Finished{Took: time.Since(started)})
		}
	}
	return nil
}

// A meter reports how much of a download is there, how fast it comes, and how long the rest will take at that rate.
type meter struct {
	reporter Reporter
	step     string
	mutex    sync.Mutex
	started  time.Time
	from     int64 // bytes that were there then, from an earlier attempt
}

func (m *meter) progress(done, total int64) {
	m.mutex.Lock()
	now := time.Now()
	if m.started.IsZero() || done < m.from {
		m.started, m.from = now, done
	}
	rate := float64(done-m.from) / now.Sub(m.started).Seconds()
	m.mutex.Unlock()
	m.reporter.Progress(m.step, done, total, arrivalText(rate, total-done))
}

func (m *meter) waiting(owner string) {
	m.reporter.Progress(m.step, 0, 0, "bytes, waiting for process "+owner+", which downloads from there, too")
}

// arrivalText says what rate, in bytes a second, means for the bytes that remain, if they are known.
func arrivalText(rate float64, remain int64) string {
	if !(rate >= 1) { // nothing has come yet, or no time has passed
		return "bytes"
	}
	text := "bytes, " + sources.SizeText(int64(rate)) + "/s"
	if remain > 0 {
		text += ", " + time.Duration(float64(remain)/rate*float64(time.Second)).Round(time.Second).String() + " left"
	}
	return text
}
