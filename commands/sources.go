package commands

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/ferry-clir/ferry/pipeline"
)

type sourcesCommand struct {
	Set string `arg:"" optional:"" help:"Show this data set's files, with addresses."`
}

// Run lists the catalogue: the files of all data sets, or those of one with their addresses and checksums.
func (c *sourcesCommand) Run(t *terminal) error {
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	found := false
	for _, file := range pipeline.Catalogue() {
		if c.Set != "" && c.Set != file.Set {
			continue
		}
		found = true
		algorithm, digits, _ := strings.Cut(file.Sum, ":")
		if algorithm == "" {
			algorithm, digits = "no checksum", "no checksum is published"
		}
		if c.Set == "" {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", file.Set, file.File, file.Weight(), algorithm, file.Licence)
			continue
		}
		fmt.Fprintf(w, "%s\n  from\t%s\n  size\t%s\n  %s\t%s\n  licence\t%s\n", file.File, file.URL, file.Weight(),
			strings.TrimPrefix(algorithm, "no "), digits, file.Licence)
	}
	if !found {
		return fmt.Errorf("%wthere is no data set %q; `ferry sources` lists all", errUsage, c.Set)
	}
	return w.Flush()
}
