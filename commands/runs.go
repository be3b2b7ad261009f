package commands

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ferry-clir/ferry/pipeline"
)

type runsCommand struct {
	fileFlags
	Last int `default:"20" help:"Show so many."`
}

func (c *runsCommand) Run(t *terminal) error {
	p, err := c.read(c.File)
	if p == nil {
		return err
	}
	runs, err := p.Runs()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "ID\tSTARTED\tSECONDS\tOUTCOME\tWHY\tMADE\tCACHED\tROWS\tQUARANTINED\tERROR\n")
	for _, r := range runs[max(0, len(runs)-max(0, c.Last)):] {
		if r.Outcome == pipeline.Running {
			r.Seconds = time.Since(r.Started).Seconds()
		}
		fmt.Fprintf(w, "%s\t%s\t%.1f\t%s\t%s\t%d\t%d\t%d\t%d\t%s\n", r.ID(), local(r.Started), r.Seconds, r.Outcome, whatFor(r), r.Made, r.Cached, r.Rows, r.Bad, strings.TrimPrefix(because(r), ": "))
	}
	return w.Flush()
}
