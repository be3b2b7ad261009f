package bench

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A repetition is one timed stretch of work.
type repetition struct {
	Wall   float64 // seconds
	CPU    float64 // seconds of this process
	Others float64 // cores that everybody else used meanwhile
}

// calm is the number of cores used by others above which a repetition counts as disturbed, as in the peers' peerlib.py.
const calm = 0.12

// timed runs f once.
func timed(f func()) repetition {
	busy, cpu, start := busySeconds(), cpuSeconds(unix.CLOCK_PROCESS_CPUTIME_ID), time.Now()
	f()
	r := repetition{Wall: time.Since(start).Seconds(), CPU: cpuSeconds(unix.CLOCK_PROCESS_CPUTIME_ID) - cpu}
	r.Others = max(0, busySeconds()-busy-r.CPU) / r.Wall
	return r
}

func cpuSeconds(clock int32) float64 {
	var t unix.Timespec
	if unix.ClockGettime(clock, &t) != nil {
		return 0
	}
	return float64(t.Nano()) / 1e9
}

// busySeconds is how long all cores together have worked since the machine started.
func busySeconds() float64 {
	data, _ := os.ReadFile("/proc/stat")
	var user, nice, system, idle, wait, irq, softirq float64
	fmt.Sscanf(string(data), "cpu %f %f %f %f %f %f %f", &user, &nice, &system, &idle, &wait, &irq, &softirq)
	return (user + nice + system + irq + softirq) / 100
}

// peakMemory is the largest resident size of this process so far, in MB.
func peakMemory() float64 {
	data, _ := os.ReadFile("/proc/self/status")
	var kilobytes float64
	if _, after, found := strings.Cut(string(data), "VmHWM:"); found {
		fmt.Sscan(after, &kilobytes)
	}
	return kilobytes / 1024
}

// cpuName describes the processor as the peers' peerlib.py does.
func cpuName() string {
	fields := map[string]string{}
	data, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(data)) {
		if key, value, found := strings.Cut(line, ":"); found {
			fields[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	var flags []string
	for _, f := range []string{"avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16"} {
		if slices.Contains(strings.Fields(fields["flags"]), f) {
			flags = append(flags, f)
		}
	}
	return fmt.Sprintf("%s family %s model %s [%s]", fields["model name"], fields["cpu family"], fields["model"], strings.Join(flags, " "))
}

// median returns the middle of x, or the mean of the middle two.
func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	n := len(x)
	if n == 0 {
		return 0
	}
	return (x[(n-1)/2] + x[n/2]) / 2
}

// significant rounds x to four digits.
func significant(x float64) (rounded float64) {
	fmt.Sscan(fmt.Sprintf("%.4g", x), &rounded)
	return rounded
}
