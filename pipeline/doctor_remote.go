package pipeline

import (
	"context"
	"time"

	"github.com/ferry-clir/ferry/pipeline/spark"
)

// answerTime is how long the doctor waits for other machines.
const answerTime = 30 * time.Second

// remotes asks the other machines that the file names.
func (d *doctor) remotes(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	p := d.pipeline
	d.store(ctx)
	if p.Engine == "" || p.Engine == LocalEngine {
		return
	}
	if c, err := spark.Connect(ctx, p.Engine); err != nil {
		d.say(Fail, "engine", "run with --engine "+LocalEngine, "%s: %s", spark.Server(p.Engine), err)
	} else {
		c.Close()
		d.well("engine", "%s answers", spark.Server(p.Engine))
	}
}
