package commands

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/ferry-clir/ferry/pipeline"
)

type listCommand struct {
	Kind string `arg:"" optional:"" help:"Show this kind's keys."`
}

func (c *listCommand) Run(t *terminal) error {
	all, err := pipeline.Describe()
	if err != nil {
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
			fmt.Fprintf(w, "  %s\t%s\n", d.Kind, summary(d))
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

// summary is a kind's first sentence without the struct's name, which a user need not know.
func summary(d pipeline.Description) string {
	s := strings.Join(strings.Fields(d.Summary()), " ")
	if _, rest, ok := strings.Cut(s, " "); ok {
		return rest
	}
	return s
}

func describeKind(w *tabwriter.Writer, d pipeline.Description) {
	fmt.Fprintf(w, "%s (%s): %s\n\n", d.Kind, d.Section, strings.TrimSpace(d.Doc))
	for _, k := range d.Keys {
		value := fmt.Sprintf("default %v", k.Default)
		if k.Required {
			value = "required"
		} else if fmt.Sprint(k.Default) == "" || fmt.Sprint(k.Default) == "[]" || fmt.Sprint(k.Default) == "map[]" {
			value = "optional"
		}
		fmt.Fprintf(w, "  %s\t%s, %s\t%s\n", k.Key, k.TypeName(), value, k.Doc)
	}
	fmt.Fprintln(w)
}
