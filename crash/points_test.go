//go:build linux && amd64

package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// A point is an instant of a run: before the call of that number that changes a file, or in the middle of it.
type point struct {
	number int
	torn   bool
}

// TestKillAnywhere kills runs of one worker before every call by which they change a file, and in the middle of every write. The
// next run must end with the files of a run in peace, byte by byte and none besides, and the one after that must find nothing
// to do. Without FERRY_CRASH=all it tries a sample.
func TestKillAnywhere(t *testing.T) {
	traceable(t)
	want := inPeace(t)
	var points []point
	seen := map[string]int{}
	for i, c := range changes(t) {
		points = append(points, point{number: i + 1})
		seen[c.name]++
		if c.name == "write" && c.size > 1 {
			points = append(points, point{number: i + 1, torn: true})
			seen["half a write"]++
		}
	}
	for _, kind := range []string{"write", "sync", "rename", "mkdir", "open"} {
		if seen[kind] == 0 {
			t.Errorf("no run has calls of the kind %s: %v", kind, seen)
		}
	}
	summary := tally{}
	for _, p := range sample(points, 8) {
		t.Run(fmt.Sprint(p.number, p.torn), func(t *testing.T) {
			summary.try(t, want, 1, p)
		})
	}
	t.Logf("%d instants of a run, of which %d were tried: %v\n%v", len(points), summary.tried, seen, summary)
}

// TestKillAgain kills runs of two workers, whose calls come in another order each time, three times before they may end.
func TestKillAgain(t *testing.T) {
	traceable(t)
	want := inPeace(t)
	calls := len(changes(t))
	summary := tally{}
	random := rand.New(rand.NewPCG(7, 7))
	for i := range len(sample(make([]point, 100), 1)) {
		var points []point
		for range 3 {
			points = append(points, point{1 + random.IntN(calls/3), random.IntN(3) == 0}) // each run has less to do
		}
		t.Run(fmt.Sprint(i), func(t *testing.T) { summary.try(t, want, 2, points...) })
	}
	t.Log(summary)
}

// counted numbers the calls that change a file, from 1.
func counted(decide func(number int, c call) action) func(call) action {
	number := 0
	return func(c call) action {
		if !c.writes {
			return action{}
		}
		number++
		return decide(number, c)
	}
}

// watch runs the pipeline with one worker to its end, and returns the calls of that run.
func watch(t *testing.T) (calls []call) {
	t.Helper()
	trial := &tracer{folder: newFolder(t), decide: func(c call) action { calls = append(calls, c); return action{} }}
	if e, err := trial.run(arguments(1)...); err != nil || e.status != 0 {
		t.Fatalf("%+v, %v", e, err)
	}
	return calls
}

// changes are the calls of a run that change a file.
func changes(t *testing.T) []call {
	return slices.DeleteFunc(watch(t), func(c call) bool { return !c.writes })
}

// sample is n of the points, or all of them.
func sample(points []point, n int) []point {
	if everything() {
		return points
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	return points[:n]
}

// A tally adds up what became of trials.
type tally struct{ tried, missed, differ int }

func (s tally) String() string {
	return fmt.Sprintf("crash points: %d\nruns that ended before theirs: %d\nruns with lost, duplicated or other rows or files after it: %d", s.tried, s.missed, s.differ)
}

// try kills a run at each point after the other, lets it end then, and compares.
func (s *tally) try(t *testing.T, want map[string]string, workers int, points ...point) {
	trial := &tracer{folder: newFolder(t)}
	var killed []string
	defer func() {
		if s.tried += len(killed); t.Failed() {
			s.differ++
			t.Log("killed before ", strings.Join(killed, ", then "))
		}
	}()
	for _, p := range points {
		before := ""
		trial.decide = counted(func(number int, c call) action {
			before = c.name + " " + c.path
			if number != p.number {
				return action{}
			}
			torn := p.torn && c.name == "write"
			return action{kill: !torn, torn: torn}
		})
		e, err := trial.run(arguments(workers)...)
		if err != nil || e.hung || !e.killed && e.status != 0 {
			t.Fatalf("%+v, %v", e, err)
		}
		if e.killed {
			killed = append(killed, before)
		} else {
			s.missed++
		}
	}
	again(t, trial.folder, want, workers)
}

// again lets a run in a folder end, and another: all must be as it should be.
func again(t *testing.T, folder string, want map[string]string, workers int) {
	t.Helper()
	trial := &tracer{folder: folder}
	for _, run := range []string{"the next run", "the run after that"} {
		e, err := trial.run(arguments(workers)...)
		if err != nil || e.status != 0 {
			t.Fatalf("%s: %v, %v\n%s", run, e.status, err, e.said)
		}
		if found := differences(filesOf(t, folder), want); len(found) > 0 {
			t.Fatalf("after %s:\n%s", run, strings.Join(found, "\n"))
		}
		if run == "the run after that" && (strings.Contains(e.said, "started") || !strings.Contains(e.said, "already done")) {
			t.Errorf("%s has something to do:\n%s", run, e.said)
		}
	}
}

// everything tells whether to try all there is and not a sample.
func everything() bool { return os.Getenv("FERRY_CRASH") == "all" }
