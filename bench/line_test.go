package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"text/tabwriter"

	"github.com/ferry-clir/ferry/model/kernel"
)

// A line is one measurement, in the file and in the table. Value and PeerValue are by the wall clock, rates or seconds;
// the rates a CPU second are beside them, and Basis says which of the two made Ratio, above 1 where ferry is ahead.
type line struct {
	Bench            string   `json:"bench"`
	Variant          string   `json:"variant"`
	Threads          int      `json:"threads"`
	Value            *float64 `json:"value"`
	Unit             string   `json:"unit"`
	CPU              string   `json:"cpu"`
	ISA              string   `json:"isa"`
	Peer             *string  `json:"peer"`
	PeerValue        *float64 `json:"peer_value"`
	Ratio            *float64 `json:"ratio"`
	Basis            string   `json:"basis,omitempty"` // wall or cpu
	PerCPUSecond     float64  `json:"per_cpu_second,omitempty"`
	PeerPerCPUSecond float64  `json:"peer_per_cpu_second,omitempty"`
	Disturbed        bool     `json:"disturbed,omitempty"` // others used the machine in every repetition of one side
	PeakRSS          float64  `json:"peak_rss_mb,omitempty"`
	PeerPeakRSS      float64  `json:"peer_peak_rss_mb,omitempty"`
	Skipped          string   `json:"skipped,omitempty"`
	PeerMarginalL1   float64  `json:"peer_marginal_l1,omitempty"`
	quality
}

// A quality says how good solutions of transport problems are.
type quality struct {
	MarginalL1 float64 `json:"marginal_l1,omitempty"` // mean marginal error
	Gap        float64 `json:"gap,omitempty"`         // mean distance of the value from the exact one, relative to that
	Failed     int     `json:"failed,omitempty"`      // problems that did not converge
}

// number returns a pointer to x in four digits, for the columns that may be null.
func number(x float64) *float64 {
	x = significant(x)
	return &x
}

// report writes the lines to build/bench/<target>.jsonl below the root and a table to standard output.
func report(t *testing.T, target string, lines []line) {
	t.Helper()
	for i := range lines {
		lines[i].CPU, lines[i].ISA = cpuName(), kernel.ISA()
	}
	if err := write(target, lines); err != nil {
		t.Fatal(err)
	}
}

func write(target string, lines []line) error {
	path := filepath.Join("..", "build", "bench", target+".jsonl")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "bench\tvariant\tthreads\tvalue\tunit\tpeer\tpeer value\tratio\tby")
	for _, l := range lines {
		if err := json.NewEncoder(f).Encode(l); err != nil {
			return err
		}
		peer, by := "-", l.Basis
		if l.Peer != nil {
			peer = *l.Peer
		}
		if l.Disturbed {
			by += ", disturbed"
		}
		if l.Skipped != "" {
			by = "skipped: " + l.Skipped
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n", l.Bench, l.Variant, l.Threads, cell(l.Value), l.Unit, peer, cell(l.PeerValue), cell(l.Ratio), by)
	}
	return table.Flush()
}

func cell(x *float64) string {
	if x == nil {
		return "-"
	}
	return fmt.Sprintf("%.4g", *x)
}
