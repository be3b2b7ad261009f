package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/ferry-clir/ferry/pipeline"
)

// The exit codes.
const (
	Done        = 0   // everything was done
	Failed      = 1   // something went wrong while running
	Wrong       = 2   // wrong usage, or a mistake in the pipeline file
	Interrupted = 130 // stopped by Ctrl-C or SIGTERM
)

// program is the command line as a whole.
type program struct {
	Run      runCommand      `cmd:"" help:"Run a pipeline."`
	Validate validateCommand `cmd:"" help:"Find every mistake in a pipeline file, without reading data."`
	Plan     planCommand     `cmd:"" help:"Show what a run would do, and what is done already."`
	List     listCommand     `cmd:"" help:"List the kinds of sources, models, stages and sinks."`
	Schema   schemaCommand   `cmd:"" help:"Print the JSON Schema of pipeline files, for editors."`
	Init     initCommand     `cmd:"" help:"Write a commented pipeline file to start from."`
	Inspect  inspectCommand  `cmd:"" help:"Show what is in a Parquet or Arrow file."`
	Version  versionCommand  `cmd:"" help:"Print ferry's version."`
}

const description = `ferry carries retrieval skill from a language that has training data to languages that have none.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 130 interrupted.`

// terminal is where a subcommand writes: results to Out, all else to Err.
type terminal struct{ Out, Err io.Writer }

// exit ends parsing early, for --help.
type exit int

// Main runs ferry with the given arguments and returns its exit code.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if r := recover(); r != nil {
			if e, ok := r.(exit); ok {
				code = int(e)
				return
			}
			panic(r)
		}
	}()
	var p program
	parser, err := kong.New(&p, kong.Name("ferry"), kong.Description(description), kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exit(code)) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		panic(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "ferry: %s\ntry `ferry --help`\n", err)
		return Wrong
	}
	ctx, stop := interruptible(ctx, stderr)
	defer stop()
	parsed.BindTo(ctx, (*context.Context)(nil))
	return explain(parsed.Run(&terminal{stdout, stderr}), stderr)
}

// interruptible returns a context that ends at the first Ctrl-C or SIGTERM; the second ends the program at once.
func interruptible(ctx context.Context, stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
			fmt.Fprintln(stderr, "\nferry: stopping; what is finished is kept, and the next run goes on from there")
			cancel(errInterrupted)
			<-signals
			os.Exit(Interrupted)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

var (
	errInterrupted = errors.New("interrupted")
	errUsage       = errors.New("")
)

// explain writes an error in words and returns its exit code.
func explain(err error, stderr io.Writer) int {
	var mistakes pipeline.Mistakes
	switch {
	case err == nil:
		return Done
	case errors.Is(err, errInterrupted) || errors.Is(err, context.Canceled):
		return Interrupted
	case errors.As(err, &mistakes):
		fmt.Fprintln(stderr, mistakes)
		if len(mistakes) > 1 {
			fmt.Fprintf(stderr, "%d mistakes\n", len(mistakes))
		}
		return Wrong
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "ferry: %s\n", err)
		return Wrong
	}
	fmt.Fprintf(stderr, "ferry: %s\n", err)
	return Failed
}
