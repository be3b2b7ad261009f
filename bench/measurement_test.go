package bench

import (
	"cmp"
	"slices"
	"strings"
)

// A measurement gathers the rounds of one benchmark.
type measurement struct {
	size        float64 // of the work of a repetition
	items       int     // that a repetition makes
	repetitions []repetition
	peakMemory  float64
	quality     quality
}

func (m *measurement) add(r round) {
	m.size, m.items, m.peakMemory = r.Size, r.Items, max(m.peakMemory, r.PeakMemory)
	m.quality = r.Quality
	m.repetitions = append(m.repetitions, r.Repetitions...)
}

// rates returns the work done in a second by the wall clock and by CPU time: the median of the calm repetitions, of all if none
// was calm.
func (m *measurement) rates() (wall, cpu float64, disturbed bool) {
	some := slices.DeleteFunc(slices.Clone(m.repetitions), func(r repetition) bool { return r.Others > calm })
	if disturbed = len(some) == 0; disturbed {
		some = m.repetitions
	}
	var walls, cpus []float64
	for _, r := range some {
		walls, cpus = append(walls, m.size/r.Wall), append(cpus, m.size/r.CPU)
	}
	return median(walls), median(cpus), disturbed
}

// lines compares m with the fastest of the peers. On one thread of a machine that others use, CPU time tells what a
// calm one would give; on two it does not, as threads that wait for each other burn it.
func (m *measurement) lines(b benchmark, unit string, threads int, peers []peerLine) []line {
	wall, cpu, disturbed := m.rates()
	l := line{Bench: b.name, Variant: b.variant, Threads: threads, Value: number(wall), Unit: unit,
		PerCPUSecond: significant(cpu), Disturbed: disturbed, PeakRSS: significant(m.peakMemory), quality: m.quality}
	if len(peers) == 0 {
		return []line{l}
	}
	for _, p := range peers {
		l.Disturbed = l.Disturbed || p.Disturbed
	}
	l.Basis = "wall"
	rate := func(p peerLine) float64 { return p.Value }
	ours := wall
	if l.Disturbed && threads == 1 {
		l.Basis, ours = "cpu", cpu
		rate = func(p peerLine) float64 { return p.PerCPUSecond }
	}
	best := slices.MaxFunc(peers, func(a, b peerLine) int { return cmp.Compare(rate(a), rate(b)) })
	name := best.name()
	l.Peer, l.PeerValue, l.Ratio = &name, number(best.Value), number(ours/rate(best))
	l.PeerPerCPUSecond, l.PeerPeakRSS, l.PeerMarginalL1 = best.PerCPUSecond, best.PeakRSS, best.MarginalL1
	if best.PeakRSS == 0 || !strings.HasPrefix(b.name, "train-") {
		return []line{l}
	}
	memory := line{Bench: "train-memory", Variant: b.name, Threads: threads, Value: number(m.peakMemory), Unit: "MB", Peer: &name,
		PeerValue: number(best.PeakRSS), Ratio: number(best.PeakRSS / m.peakMemory)}
	return []line{l, memory}
}
