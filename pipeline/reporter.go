package pipeline

import "time"

// A Reporter is told how a run goes. Its methods are called from many goroutines.
type Reporter interface {
	// Present says that an earlier run made the step, and gives its summary.
	Present(step, summary string)
	Started(step string)
	// Progress may be called often. total is 0 or less while unknown.
	Progress(step string, done, total int64, message string)
	// Warned says that something is probably wrong: while the step is made, and again when an earlier run made it.
	Warned(step, warning string)
	Finished(step string, f Finished)
	// Failed says why a step could not be made. The run goes on with what does not need it.
	Failed(step string, err error)
}

// Finished is what a step did.
type Finished struct {
	Rows    map[string]int64 // by table
	Dropped map[string]int64 // by reason
	Bad     int64
	Took    time.Duration
	Summary string // to be shown to the person who runs the pipeline
}
