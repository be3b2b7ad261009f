package commands

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ferry-clir/ferry/pipeline"
)

// TestBars reports two steps that take turns: the bar stays with one until that is done, and shows how far the other is
// when its turn comes.
func TestBars(t *testing.T) { synctest.Test(t, testBars) }

func testBars(t *testing.T) {
	var out bytes.Buffer
	b := newBars(&out)
	b.Progress("stages.a", 10, 100, "steps")
	for i := range int64(50) {
		b.Progress("stages.b", i, 100, "rows")
		b.Progress("stages.a", i, 100, "steps")
	}
	if text := out.String(); !strings.Contains(text, "10/100") || strings.Contains(text, "stages.b") {
		t.Errorf("while a moves: %q", text)
	}
	b.Finished("stages.a", pipeline.Finished{Took: 1500 * time.Millisecond, Rows: map[string]int64{"hits": 7}})
	b.Progress("stages.b", 50, 100, "rows")
	if text := out.String(); !strings.Contains(text, "1.5s  7 hits\n") || !strings.Contains(text, "stages.b") || !strings.Contains(text, "50/100") {
		t.Errorf("after a: %q", text)
	}
	b.Finished("stages.b", pipeline.Finished{})
	b.Progress("stages.c", 3, -1, "documents")
	b.close()
	out.Reset()
	time.Sleep(2 * refresh)
	if out.Len() > 0 {
		t.Errorf("a bar draws itself when all is done: %q", out.String())
	}
}

// TestPlainLines writes lines of plain text.
func TestPlainLines(t *testing.T) {
	var out bytes.Buffer
	l := &lines{log: slog.New(newPlainHandler(&out)), told: map[string]time.Time{"stages.a": {}, "stages.b": {}}}
	l.Progress("stages.a", 300, 1200, "steps, loss 0.5")
	l.Progress("stages.b", 300, -1, "documents")
	l.Finished("stages.a", pipeline.Finished{Took: 1574 * time.Millisecond, Rows: map[string]int64{"hits": 7}})
	for _, want := range []string{" stages.a: progress, 300 of 1200 steps, loss 0.5\n", " stages.b: progress, 300 documents\n", " stages.a: finished, hits 7, seconds 1.574\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("want %q in\n%s", want, out.String())
		}
	}
}

// TestLinesAbout tells of lines what they are all about, and to programs which run they are of.
func TestLinesAbout(t *testing.T) {
	var plain, logged bytes.Buffer
	for _, h := range []slog.Handler{newPlainHandler(&plain), slog.NewJSONHandler(&logged, nil)} {
		l := &lines{log: slog.New(h).With("pipeline", "nightly")}
		l.began("20261126T061437")
		l.Warned("stages.a", "is odd")
		l.log.Warn("a hook failed", "because", "it is gone")
	}
	if got := plain.String(); !strings.HasSuffix(got, " nightly: a hook failed, because it is gone\n") || !strings.Contains(got, " nightly: stages.a: warning: is odd\n") {
		t.Errorf("plain: %s", got)
	}
	const about = `"pipeline":"nightly","run":"20261126T061437",`
	if got := logged.String(); !strings.Contains(got, about+`"step":"stages.a"}`) || strings.Count(got, about) != 2 {
		t.Errorf("JSON: %s", got)
	}
}

// TestResults names the step of a table unless it is the only one.
func TestResults(t *testing.T) {
	var l lines
	l.Present("sinks.b", pipeline.Finished{Summary: "\nnDCG@10  ot"})
	l.summarize("sinks.none", "")
	if got := l.results(); !slices.Equal(got, []string{"\nnDCG@10  ot"}) {
		t.Errorf("one: %q", got)
	}
	l.summarize("sinks.a", "\nnDCG@10  mse")
	if got := l.results(); !slices.Equal(got, []string{"\nsinks.a\n\nnDCG@10  mse", "\nsinks.b\n\nnDCG@10  ot"}) {
		t.Errorf("two: %q", got)
	}
}
