package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/ferry-clir/ferry/pipeline/spark"
)

const (
	answerTime  = 30 * time.Second // how long the doctor waits for other machines
	clusterTime = 3 * time.Minute  // and for an engine, which may have to start a Connect server, as a run does
)

// remotes asks the other machines that the file names.
func (d *doctor) remotes(ctx context.Context) {
	answering, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	d.store(answering)
	if p := d.pipeline; p.Engine != "" && p.Engine != LocalEngine {
		d.engine(ctx, p.Engine)
	}
}

func (d *doctor) engine(ctx context.Context, address string) {
	const what = "engine"
	ctx, cancel := context.WithTimeoutCause(ctx, clusterTime, fmt.Errorf("it does not answer after %v", clusterTime))
	defer cancel()
	server, began := spark.Server(address), time.Now()
	c, err := spark.Connect(ctx, address)
	took := time.Since(began).Round(time.Second)
	switch {
	case err != nil && ctx.Err() != nil:
		d.say(Fail, what, "run with --engine "+LocalEngine, "%s: %s", server, context.Cause(ctx))
		return
	case err != nil:
		d.say(Fail, what, "run with --engine "+LocalEngine, "%s: %s", server, oneLine(err.Error()))
		return
	case took > answerTime:
		d.say(Warn, what, "see whether it or this machine is busy; a run waits as long", "%s answers, but only after %v", server, took)
	default:
		d.well(what, "%s answers", server)
	}
	c.Close()
}
