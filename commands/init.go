package commands

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// starter is the file that `ferry init` writes: it runs as it is, on the built-in corpora.
//
//go:embed starter.yaml
var starter []byte

type initCommand struct {
	File  string `arg:"" optional:"" default:"pipeline.yaml" help:"File to write."`
	Force bool   `help:"Replace a file that is there."`
}

func (c *initCommand) Run(t *terminal) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if c.Force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(c.File, flags, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w%s is there already; --force replaces it", errUsage, c.File)
	}
	if err != nil {
		return fmt.Errorf("writing starter file: %w", err)
	}
	_, err = f.Write(starter)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing starter file: %w", err)
	}
	_, err = fmt.Fprintf(t.Out, "wrote %s; `ferry run %s` runs it, `ferry list` shows what else can stand in it\n", c.File, c.File)
	return err
}
