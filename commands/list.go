package commands

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/ferry-clir/ferry/pipeline"
)

type listCommand struct {
	Kind     string `arg:"" optional:"" help:"Show this kind's keys."`
	Markdown bool   `help:"Write the reference page."`
}

func (c *listCommand) Run(t *terminal) error {
	all, err := pipeline.Describe()
	if err != nil {
		return err
	}
	if c.Markdown {
		tables, err := pipeline.DescribeTables()
		if err != nil {
			return err
		}
		scheduled, err := pipeline.DescribeSchedule()
		writeReference(t.Out, all, scheduled, tables)
		return err
	}
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	found, section := false, ""
	for _, d := range all {
		switch {
		case c.Kind == "":
			if d.Section != section {
				section = d.Section
				fmt.Fprintf(w, "%s\n", section)
			}
			fmt.Fprintf(w, "  %s\t%s\n", d.Kind, d.Summary())
		case c.Kind == d.Kind || c.Kind == d.Section+"."+d.Kind:
			describeKind(w, d)
		}
		found = found || c.Kind == "" || c.Kind == d.Kind || c.Kind == d.Section+"."+d.Kind
	}
	if !found {
		return fmt.Errorf("%wthere is no kind %q; `ferry list` shows all", errUsage, c.Kind)
	}
	return w.Flush()
}

func describeKind(w *tabwriter.Writer, d pipeline.Description) {
	fmt.Fprintf(w, "%s.%s\n\n%s\n\n", d.Section, d.Kind, d.Doc)
	for _, k := range d.Keys {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", k.Key, k.TypeName(), strings.Trim(defaultText(k), "`"), k.Doc)
	}
	fmt.Fprintln(w)
}
