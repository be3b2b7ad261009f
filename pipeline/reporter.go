package pipeline

import "time"

// A Reporter is told how a run goes. Its methods are called from many goroutines.
type Reporter interface {
	// Planned lists what will be told of, before anything is made but after downloads.
	Planned(steps []Planned)
	// Present says that an earlier run, or another process, made the step, and what it did.
	Present(step string, f Finished)
	Started(step string)
	// Progress may be called often. total is 0 or less while unknown.
	Progress(step string, done, total int64, message string)
	// Trained gives the loss of each step of training.
	Trained(step string, loss float64)
	// Warned says that something is probably wrong: while the step is made, and again when an earlier run made it. Without a step it
	// is of the run.
	Warned(step, warning string)
	Finished(step string, f Finished)
	// Failed says why a step could not be made. The run goes on with what does not need it.
	Failed(step string, err error)
}

// A Planned step is there already, or will be made.
type Planned struct{ Step, Kind, Key string }

// Finished is what a step did.
type Finished struct {
	Rows    map[string]int64 // by table
	Dropped map[string]int64 // by reason
	Bad     int64
	Took    time.Duration
	Summary string // to be shown to the person who runs the pipeline
}
