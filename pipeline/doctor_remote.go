package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ferry-clir/ferry/pipeline/objects"
	"github.com/ferry-clir/ferry/pipeline/spark"
)

// answerTime is how long the doctor waits for other machines.
const answerTime = 30 * time.Second

// remotes asks the other machines that the file names.
func (d *doctor) remotes(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	p := d.pipeline
	switch {
	case p.Store == nil:
	case p.Offline:
		d.well("store", "%s; a run that is offline does without", p.Store)
	default:
		if err := tryStore(ctx, *p.Store); err != nil {
			d.say(Fail, "store", "mend that, or do without it: --set store=", "%s", err)
		} else {
			d.well("store", "%s: can be written, read, and removed from", p.Store)
		}
	}
	if p.Engine == "" || p.Engine == LocalEngine {
		return
	}
	if c, err := spark.Connect(ctx, p.Engine); err != nil {
		d.say(Fail, "engine", "start it, or run with --engine "+LocalEngine, "%s: %s", p.Engine, err)
	} else {
		c.Close()
		d.well("engine", "%s answers", p.Engine)
	}
}

// tryStore does in a store what runs and `ferry gc` do there.
func tryStore(ctx context.Context, address objects.Address) error {
	s, err := objects.Open(ctx, address)
	if err != nil {
		return err
	}
	defer s.Close()
	name, content := fmt.Sprintf(mirrorFolder+"doctor-%08x", rand.Uint32()), []byte("ferry doctor")
	if err := s.Put(ctx, name, bytes.NewReader(content)); err != nil {
		return err
	}
	read, err := s.Read(ctx, name)
	if err == nil && !bytes.Equal(read, content) {
		err = fmt.Errorf("reading %s/%s: it is not what was written", address, name)
	}
	if removed := s.Remove(ctx, name); err == nil {
		err = removed
	}
	return err
}
