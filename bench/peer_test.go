package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A peerLine is what a peer's script prints for one variant.
type peerLine struct {
	Peer         string
	Variant      string
	Value        float64
	PerCPUSecond float64 `json:"per_cpu_second"`
	Disturbed    bool
	PeakRSS      float64 `json:"peak_rss_mb"` // 0 if it is that of an earlier variant of the same process
	Skipped      string
	Failed       bool    // solutions that are not finite, or far from feasible
	MarginalL1   float64 `json:"marginal_l1"`

	Tokens, Rows, Units int // what was made, where the script says
}

func (p peerLine) items() int { return max(p.Tokens, p.Rows, p.Units) }

func (p peerLine) name() string { return p.Peer + " " + p.Variant[strings.Index(p.Variant, "/")+1:] }

// peerScripts is where the peers' scripts are.
func peerScripts() string {
	if folder := os.Getenv("FERRY_PEER_SCRIPTS"); folder != "" {
		return folder
	}
	return filepath.Join("..", "..", "shared", "peers")
}

// runPeer runs a script, each of whose variants has a process of its own if they are apart, with the Python of FERRY_PEERS until it has printed a line that contains last, or until the
// deadline. The script stands still while then deals with a line, so that both sides take turns on the machine.
func runPeer(t *testing.T, deadline time.Time, arguments []string, last string, apart bool, then func(peerLine)) {
	t.Helper()
	command := exec.Command(os.Getenv("FERRY_PEERS"), append(arguments, "--repeats", "3", "--max-seconds", "10")...)
	command.Dir = peerScripts()
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var complaints strings.Builder
	command.Stderr = &complaints
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatalf("starting the peer: %v", err)
	}
	signal := func(s syscall.Signal) { syscall.Kill(-command.Process.Pid, s) }
	defer command.Wait()
	defer signal(syscall.SIGKILL)
	alarm := time.AfterFunc(time.Until(deadline), func() { signal(syscall.SIGKILL) })
	defer alarm.Stop()
	lines, largest, scanner := 0, 0.0, bufio.NewScanner(out)
	for scanner.Buffer(nil, 1<<20); scanner.Scan(); lines++ {
		var l peerLine
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			t.Fatalf("the peer printed %q: %v", scanner.Text(), err)
		}
		if !apart && l.PeakRSS <= largest {
			l.PeakRSS = 0
		}
		largest = max(largest, l.PeakRSS)
		signal(syscall.SIGSTOP)
		then(l)
		signal(syscall.SIGCONT)
		if strings.Contains(l.Variant, last) {
			return
		}
	}
	if lines == 0 && time.Now().Before(deadline) {
		fmt.Fprintf(os.Stderr, "%s printed nothing:\n%s", arguments[0], complaints.String())
	}
}
