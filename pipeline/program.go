package pipeline

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ferry-clir/ferry/model/kernel"
)

// probes is how many machines are asked whether they have this ferry.
const probes = 4

// executorsAnswer is how long they may take before the user is told that they do not.
const executorsAnswer = 30 * time.Second

// programOf is the shell command by which other machines run this very ferry: at the same path, if that has it on all that are asked,
// or else a copy that the engine brings them. That it is the same, tasks see themselves.
func (e *remote) programOf(ctx context.Context, o Options) (command string, err error) {
	isa, arguments := kernel.ISA(), fmt.Sprintf("task --checkpoint %v", o.Checkpoint)
	at := func(path string) string { return fmt.Sprintf("FERRY_CPU=%s %s %s", isa, shellQuote(path), arguments) }
	if o.EngineBinary != "" {
		return at(o.EngineBinary), nil
	}
	own, err := os.Executable()
	if err != nil {
		return "", err
	}
	sum := e.plan.common.Binary
	ask := fmt.Sprintf(`[ "$(sha256sum <%s | cut -c 1-64)" = %s ] && echo here || echo elsewhere`, shellQuote(own), sum)
	slow := time.AfterFunc(executorsAnswer, func() {
		e.warn(fmt.Sprintf("no executor has been free for %v; does another application have their cores? A Connect server that idles keeps those that it has taken, unless spark.cores.max bounds them", executorsAnswer))
	})
	defer slow.Stop()
	answers, err := e.Run(ctx, ask, slices.Repeat([]string{""}, probes))
	if err != nil || !slices.Contains(answers, "elsewhere") {
		return at(own), err
	}
	name := "ferry-" + sum[:16]
	if err := e.Send(ctx, name, own); err != nil {
		return "", fmt.Errorf("%w; install this ferry on all machines, at the same path or where --engine-binary says", err)
	}
	return fmt.Sprintf(`for f in ./*/%s ./%s; do [ -x "$f" ] && exec env FERRY_CPU=%s "$f" %s; done; echo "the engine has not brought ferry to $(hostname): install it there, and name it with --engine-binary" >&2; exit 127`, name, name, isa, arguments), nil
}

func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
