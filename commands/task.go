package commands

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/ferry-clir/ferry/pipeline"
)

type taskCommand struct{ workFlags }

func (c *taskCommand) Help() string {
	return "Reads lines from standard input, each a task that `ferry plan --json` prints, does one after the other and answers a line of JSON each, which tells the outcome: done, present (it was done already) or failed, with the reason. " +
		"The exit code is 0 even if tasks failed, since they would fail anywhere; another one means that this machine could not do a task, which is to be tried again on another. docs/scale.md has the rest."
}

// longestTask bounds the memory of reading a line.
const longestTask = 64 << 20

func (c *taskCommand) Run(ctx context.Context, t *terminal) error {
	if err := c.check(); err != nil {
		return err
	}
	r := newReporter("plain", t)
	defer r.close()
	e := pipeline.NewExecutor(pipeline.Options{Workers: c.Workers, Checkpoint: c.Checkpoint, Reporter: r})
	defer e.Close()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, longestTask)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		answer, err := e.Do(ctx, lines.Bytes())
		if err != nil {
			return err
		}
		text, err := json.Marshal(answer)
		if err == nil {
			_, err = fmt.Fprintf(t.Out, "%s\n", text)
		}
		if err != nil {
			return err
		}
	}
	return lines.Err()
}
