package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/ferry-clir/ferry/pipeline"
)

type doctorCommand struct {
	File string `arg:"" optional:"" help:"Pipeline file; pipeline.yaml if there is one, else the machine alone is examined."`
	loadFlags
	Format string `enum:"table,json" default:"table" help:"table, for people, or json, a line each."`
}

func (c *doctorCommand) Help() string {
	return "Looks at the machine, at the work folder and its file system, and at the pipeline and its models: a line each, which says ok, warn or fail, and what to do. It downloads and writes no more than validate does. The exit code is 1 if anything fails."
}

func (c *doctorCommand) Run(ctx context.Context, t *terminal) error {
	found, err := c.examine(ctx)
	if err != nil {
		return err
	}
	found = append([]pipeline.Examined{examineTerminal(t)}, found...)
	if c.Format == "json" {
		lines := json.NewEncoder(t.Out)
		lines.SetEscapeHTML(false)
		for _, e := range found {
			if err := lines.Encode(e); err != nil {
				return err
			}
		}
	} else if err := writeExamined(t, found); err != nil {
		return err
	}
	failed := 0
	for _, e := range found {
		if e.Level == pipeline.Fail {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d fail", failed, len(found))
	}
	return nil
}

// examine examines the machine, with a pipeline if there is one.
func (c *doctorCommand) examine(ctx context.Context) ([]pipeline.Examined, error) {
	file := c.File
	if file == "" {
		file = "pipeline.yaml"
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			work, err := filepath.Abs(".ferry")
			return pipeline.Examine(ctx, nil, nil, work), err
		}
	}
	p, err := c.read(file)
	if p == nil {
		return nil, err
	}
	return pipeline.Examine(ctx, p, p.Check(ctx), ""), nil
}

// examineTerminal tells whether people will see what is not ASCII.
func examineTerminal(t *terminal) pipeline.Examined {
	e := pipeline.Examined{What: "terminal", Level: pipeline.Well, Text: "none: lines go to a file or a pipe, in UTF-8"}
	if !t.screen {
		return e
	}
	var locale string
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} { // the first that is set counts
		if locale = os.Getenv(name); locale != "" {
			break
		}
	}
	if e.Text = "locale " + locale; !strings.Contains(strings.ReplaceAll(strings.ToUpper(locale), "-", ""), "UTF8") {
		e.Level, e.Text, e.Remedy = pipeline.Warn, fmt.Sprintf("the locale %q is none of UTF-8: texts that are not ASCII may not be readable", locale), "export LC_ALL=C.UTF-8"
	}
	return e
}

func writeExamined(t *terminal, found []pipeline.Examined) error {
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	for _, e := range found {
		text := e.Text
		if e.Remedy != "" {
			text += "; " + e.Remedy
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", e.Level, e.What, text)
	}
	return w.Flush()
}
