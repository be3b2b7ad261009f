package commands

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// starter is the file that `ferry init` writes: it runs as it is, on the built-in corpora.
//
//go:embed starter.yaml
var starter []byte

type initCommand struct {
	File  string `arg:"" optional:"" default:"pipeline.yaml" help:"File to write."`
	Force bool   `help:"Replace a file that is there."`
}

var plainName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_-]*$`)

// starter is the starter file, named after the file where that has a name of its own, so that several write to folders of their own.
func (c *initCommand) starter() []byte {
	name := strings.TrimSuffix(filepath.Base(c.File), filepath.Ext(c.File))
	if name == "pipeline" || !plainName.MatchString(name) {
		return starter
	}
	return bytes.ReplaceAll(starter, []byte("starter"), []byte(name))
}

// Run writes the file.
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
	_, err = f.Write(c.starter())
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing starter file: %w", err)
	}
	_, err = fmt.Fprintf(t.Out, "wrote %s; `ferry run %s` runs it, `ferry list` shows what else can stand in it\n", c.File, c.File)
	return err
}
