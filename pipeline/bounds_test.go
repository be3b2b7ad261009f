package pipeline

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// shortage is the text of an error, which must be one.
func shortage(t *testing.T, err error) string {
	t.Helper()
	var s *Shortage
	if !errors.As(err, &s) {
		t.Fatalf("want too little memory or disk, not %v", err)
	}
	return err.Error()
}

// TestSize reads sizes as they are written, and none that could mean several.
func TestSize(t *testing.T) {
	for text, want := range map[string]int64{"4GiB": 4 << 30, "500MB": 500e6, "1.5 GiB": 3 << 29, "20g": 20e9, "7 tib": 7 << 40, "12B": 12} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s.Bytes != want {
			t.Errorf("%s: %d, %v, want %d", text, s.Bytes, err, want)
		}
	}
	for _, text := range []string{"", "4", "0GB", "-1GB", "1,5GB", "4GiBs", "half", "9EiB", "NaNGB", "GiB"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is read as %d", text, s.Bytes)
		}
	}
}

// TestBeyond warns of a bound past which the process would be killed, or that no machine of this size comes to.
func TestBeyond(t *testing.T) {
	const gb = int64(1e9)
	for _, c := range []struct {
		bound, total, limit int64
		want                string
	}{
		{4 * gb, 8 * gb, 0, ""},
		{4 * gb, 8 * gb, 4 * gb, ""},
		{4 * gb, 8 * gb, 3 * gb, "beyond the 3.0 GB that this process may take"},
		{9 * gb, 8 * gb, 0, "beyond the 8.0 GB of this machine"},
		{9 * gb, 0, 0, ""},
		{0, 8 * gb, 3 * gb, ""},
	} {
		got := Size{c.bound, "4GB"}.beyond(c.total, c.limit)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%d of %d, at most %d: %q", c.bound, c.total, c.limit, got)
		}
	}
}

// TestRefused sets bounds so narrow that nothing can be made, and nothing is; without them all is.
func TestRefused(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "pipeline.yaml")
	put(t, filepath.Join(folder, "documents.jsonl"), lines(40, `{"language": "en", "id": "d%d", "text": "the alarm of number %d"}`))
	text := strings.Replace(small, "sinks:", "  hits: {kind: search, queries: vectors, documents: vectors, top: 30}\nsinks:\n  hits: {kind: parquet, from: hits, path: out/hits.parquet}", 1)
	put(t, file, text)
	for set, want := range map[string]string{
		"memory=1MiB":     "memory: 1MiB (1.0 MB) allows less",
		"keep_free=1EiB":  "less than keep_free: 1EiB",
		"disk=1kB":        "more than disk: 1kB (1.0 kB)",
		"disk=900 B":      "what is not the cache's ", // where the samples are
		"keep_free=999pb": "`ferry gc`",
	} {
		err := loadSmall(t, file, set).Run(t.Context(), Options{Reporter: &events{}})
		if got := shortage(t, err); !strings.Contains(got, want) {
			t.Errorf("%s: %s", set, got)
		}
		if made, _ := filepath.Glob(filepath.Join(folder, ".ferry/cache/*/*.arrow")); len(made) > 0 {
			t.Errorf("%s: made %v", set, made)
		}
	}
	rerun(t, file, "memory=900GiB", "disk=100MiB", "keep_free=1kB")
}

// TestForeseen has a file become twice as long: what its steps add to the work folder is known from the run before, and refused or
// warned of before anything is made.
func TestForeseen(t *testing.T) {
	file := putSmall(t)
	put(t, filepath.Join(filepath.Dir(file), "documents.jsonl"), lines(80, `{"language": "en", "id": "d%d", "text": "the alarm of number %d"}`))
	p := loadSmall(t, file)
	_, units, err := p.layOut(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	held := usageOf(filepath.Join(filepath.Dir(file), ".ferry")) // with the hashes that laying out has written
	past := p.knownSteps()
	more := workForecast(units, past)
	if more <= 0 || more > held.total {
		t.Fatalf("%d bytes are foreseen, and there are %d", more, held.total)
	}
	for _, room := range []int64{more - 1, more} {
		p.Bounds.Disk.Bytes = held.total + room
		shortages, warnings := p.foresee(units, past)
		if refused := room < more; len(warnings) > 0 || refused != (len(shortages) > 0) {
			t.Errorf("with room for %d of %d bytes: %v, %v", room, more, shortages, warnings)
		}
	}
	p.Bounds = Bounds{}
	for name, one := range past {
		one.Bytes = 1 << 60
		past[name] = one
	}
	if shortages, warnings := p.foresee(units, past); len(shortages) > 0 || len(warnings) != 1 || !strings.HasPrefix(warnings[0], "there is not enough disk: ") {
		t.Errorf("%v, %v", shortages, warnings)
	}
	p.Bounds.KeepFree.Bytes = 1
	if shortages, warnings := p.foresee(units, past); len(shortages) != 1 || len(warnings) > 0 {
		t.Errorf("%v, %v", shortages, warnings)
	}
}

// TestMemoryWatched has a run come to its bound while it trains: it ends, says where, and the next one goes on from what it had
// saved and ends with the same bytes as a run in peace.
func TestMemoryWatched(t *testing.T) {
	text := strings.Replace(small, "epochs: 1}", "epochs: 10}", 1)
	folders := []string{t.TempDir(), t.TempDir()}
	for _, folder := range folders {
		put(t, filepath.Join(folder, "pipeline.yaml"), text)
		put(t, filepath.Join(folder, "documents.jsonl"), lines(40, `{"language": "en", "id": "d%d", "text": "the alarm of number %d"}`))
	}
	peace, file := filepath.Join(folders[0], "pipeline.yaml"), filepath.Join(folders[1], "pipeline.yaml")
	rerun(t, peace)
	var trains atomic.Bool
	full := make(chan struct{})
	fill := sync.OnceFunc(func() { close(full) })
	err := loadSmall(t, file, "memory=900GiB").Run(t.Context(), Options{
		Reporter: &events{progress: func(step string) {
			if step == "stages.student" { // which waits until it was looked at, and then takes its time, lest it ends before it is told to
				trains.Store(true)
				<-full
				time.Sleep(10 * time.Millisecond)
			}
		}},
		resident: func() int64 {
			if !trains.Load() {
				return 0
			}
			fill()
			return 901 << 30
		},
	})
	if got := shortage(t, err); !strings.HasPrefix(got, "ferry has taken 967.4 GB of memory for ") || !strings.Contains(got, "stages.student") {
		t.Error(got)
	}
	if saved, _ := filepath.Glob(filepath.Join(folders[1], ".ferry/cache/distill-*/checkpoint")); len(saved) != 1 {
		t.Errorf("%d states are saved", len(saved))
	}
	rerun(t, file)
	if got, want := outputs(t, folders[1]), outputs(t, folders[0]); len(want) == 0 || !maps.Equal(got, want) {
		t.Errorf("outputs are %v, want %v", got, want)
	}
}

// TestDiskWatched has a run come to its bound: it ends with a list of what takes how much, and the next one goes on.
func TestDiskWatched(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "pipeline.yaml")
	put(t, file, small)
	put(t, filepath.Join(folder, "documents.jsonl"), lines(40, `{"language": "en", "id": "d%d", "text": "the alarm of number %d"}`))
	loadSmall(t, file) // which writes the samples
	before := usageOf(filepath.Join(folder, ".ferry"))
	bounded := loadSmall(t, file)
	bounded.Bounds.Disk = Size{before.total + 20_000, "so much"}
	err := bounded.Run(t.Context(), Options{Reporter: &events{}})
	if got := shortage(t, err); !strings.Contains(got, "sources.pairs.pairs ") || !strings.Contains(got, "the next run goes on from there") {
		t.Error(got)
	}
	if _, err := os.Stat(filepath.Join(folder, "out", "student")); err == nil {
		t.Error("it came to its end all the same")
	}
	if made := rerun(t, file); len(made) == 0 || made[len(made)-1] != "stages.vectors" {
		t.Errorf("made %v", made)
	}
}
