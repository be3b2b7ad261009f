package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ferry-clir/ferry/model/kernel"
)

// executorsAnswer is how long executors may take to be asked before the user is told that they do not answer.
const executorsAnswer = 30 * time.Second

// programOf is the shell command by which other machines run this very ferry: at the same path or the one that was named, if that has it on all
// that are asked, or else a copy that the engine brings them. That it is the same, tasks see themselves.
func (e *remote) programOf(ctx context.Context, o Options) (command string, err error) {
	isa, arguments := kernel.ISA(), fmt.Sprintf("task --checkpoint %v", o.Checkpoint)
	at := func(path string) string { return fmt.Sprintf("FERRY_CPU=%s %s %s", isa, shellQuote(path), arguments) }
	own, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := cmp.Or(o.EngineBinary, own)
	sum := e.plan.common.Binary
	name := "ferry-" + sum[:16]
	ask := fmt.Sprintf(`cat >/dev/null; %s; is() { [ "$(sha256sum <"$1" | cut -c 1-64)" = %s ]; }; is %s && echo "here $m" && exit; for f in ./*/%s; do [ -x "$f" ] && is "$f" && echo "brought $m" && exit; done; echo "elsewhere $m"`,
		thisMachine, sum, shellQuote(path), name)
	slow := time.AfterFunc(executorsAnswer, func() {
		e.warn(fmt.Sprintf("no executor has been free for %v; does another application have their cores? A Connect server that idles keeps those that it has taken, unless spark.cores.max bounds them", executorsAnswer))
	})
	defer slow.Stop()
	answers, err := e.Ask(ctx, ask)
	if err == nil {
		err = e.look(ctx, answers)
	}
	if err != nil {
		return "", err
	}
	if i := slices.IndexFunc(answers, func(answer string) bool { return !strings.HasPrefix(answer, "here ") }); i < 0 {
		return at(path), nil
	} else if o.EngineBinary != "" {
		machine := answers[i][strings.LastIndexByte(answers[i], ' ')+1:]
		return "", fmt.Errorf("on %s this ferry is not at %s, where --engine-binary has it (SHA-256 %.12s...); install it there, or leave --engine-binary out, and ferry sends itself", machine, path, sum)
	}
	e.send = sync.OnceValue(func() error {
		if err := e.Send(ctx, name, own); err != nil {
			return fmt.Errorf("%w; install this ferry on all machines, at the same path or where --engine-binary says", err)
		}
		return nil
	})
	if slices.ContainsFunc(answers, func(answer string) bool { return strings.HasPrefix(answer, "elsewhere ") }) { // else an earlier run has brought it, and what that brought stays as long as the Connect server
		if err := e.send(); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf(`for f in ./*/%s ./%s; do [ -x "$f" ] && exec env FERRY_CPU=%s "$f" %s; done; echo "%s $(hostname): install it there, and name it with --engine-binary" >&2; exit 127`, name, name, isa, arguments, notBrought), nil
}

// notBrought is how a machine says that it has no ferry.
const notBrought = "the engine has not brought ferry to"

func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
