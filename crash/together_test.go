//go:build linux && amd64

package crash

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// TestTogether starts two runs of a folder at the same time, as processes: one works, and the other is refused by name, or has found
// all done if the system let it begin so late. Without FERRY_CRASH=all it does so twice.
func TestTogether(t *testing.T) {
	want := inPeace(t)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	trials := 2
	if everything() {
		trials = 20
	}
	for range trials {
		folder := newFolder(t)
		var runs [2]tracer
		var ends [2]end
		var failed [2]error
		var group sync.WaitGroup
		for i := range runs {
			runs[i].folder = folder
			group.Go(func() { ends[i], failed[i] = runs[i].run(arguments(2)...) })
		}
		group.Wait()
		works, other := 0, 1
		if !strings.Contains(ends[0].said, "started") {
			works, other = 1, 0
		}
		owner := fmt.Sprintf("ferry: another run is at work in %s/.ferry: process %d on %s, since ", folder, runs[works].pid, host)
		switch said := ends[other].said; {
		case failed[0] != nil || failed[1] != nil || ends[works].status != 0:
			t.Fatalf("%+v, %v", ends, failed)
		case ends[other].status == 0 && strings.Contains(said, "already done") && !strings.Contains(said, "started"):
		case ends[other].status.ExitStatus() != 75 || !strings.Contains(said, owner) || !strings.Contains(said, "(0s)") && !strings.Contains(said, "(1s)"):
			t.Errorf("the other run ended with %d and said:\n%s", ends[other].status.ExitStatus(), said)
		default:
			refused++
		}
		if found := differences(filesOf(t, folder), want); len(found) > 0 {
			t.Errorf("after two runs:\n%s", strings.Join(found, "\n"))
		}
	}
	t.Logf("pairs of runs that were started together: %d, of which one was refused: %d", trials, refused)
	if refused == 0 {
		t.Error("no run met another")
	}
}
