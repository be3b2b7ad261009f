package train

import (
	"sync/atomic"

	"github.com/sourcegraph/conc"
)

// each runs work for 0 to n-1 on so many goroutines, told apart by thread. It repeats a panic of theirs.
func each(threads, n int, work func(thread, i int)) {
	if threads = min(threads, n); threads <= 1 {
		for i := range n {
			work(0, i)
		}
		return
	}
	var next atomic.Int64
	var group conc.WaitGroup
	for thread := range threads {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				work(thread, i)
			}
		})
	}
	group.Wait()
}
