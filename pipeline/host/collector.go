package host

import (
	"runtime/debug"
	"slices"
	"sync"
)

// collector has the limits that those at work in this process want the garbage collector to keep to: the lowest counts.
var collector struct {
	mutex  sync.Mutex
	limits []int64
	before int64 // without any, which GOMEMLIMIT may say
}

// LimitMemory makes the garbage collector work harder, rather than let the process take more than so many bytes, until release
// is called.
func LimitMemory(limit int64) (release func()) {
	collector.mutex.Lock()
	defer collector.mutex.Unlock()
	if len(collector.limits) == 0 {
		collector.before = debug.SetMemoryLimit(-1)
	}
	collector.limits = append(collector.limits, limit)
	applyLimits()
	return sync.OnceFunc(func() {
		collector.mutex.Lock()
		defer collector.mutex.Unlock()
		at := slices.Index(collector.limits, limit)
		collector.limits = slices.Delete(collector.limits, at, at+1)
		applyLimits()
	})
}

// applyLimits tells the collector the lowest limit. The mutex is held.
func applyLimits() {
	debug.SetMemoryLimit(slices.Min(append([]int64{collector.before}, collector.limits...)))
}
