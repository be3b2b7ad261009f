package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/pipeline"
)

// The exit codes.
const (
	Done        = 0   // everything was done
	Failed      = 1   // something went wrong while running
	Wrong       = 2   // wrong usage, a mistake in the pipeline file, or what it names is missing or damaged
	NoRoom      = 71  // memory or disk do not suffice, by the bounds of the pipeline file, or the disk is full; EX_OSERR of sysexits.h
	Busy        = 75  // kept out by another run, or scheduler, that is at work; EX_TEMPFAIL of sysexits.h
	Interrupted = 128 // and the signal's number, as shells have it: 130 for Ctrl-C, 143 for SIGTERM, 129 for a lost terminal
)

// program is the command line as a whole.
type program struct {
	Run      runCommand      `cmd:"" help:"Run a pipeline."`
	Schedule scheduleCommand `cmd:"" help:"Run pipelines whenever they are due, until stopped."`
	Status   statusCommand   `cmd:"" help:"Show how pipelines stand: last run, next run, what is wrong."`
	Runs     runsCommand     `cmd:"" help:"List the past runs of a pipeline."`
	Replay   replayCommand   `cmd:"" help:"Put mended rows of the quarantine through the pipeline."`
	Validate validateCommand `cmd:"" help:"Find every mistake in a pipeline file, without reading data."`
	Lint     lintCommand     `cmd:"" help:"Look for leaks of evaluation into training, and for what is wrong with the data."`
	Plan     planCommand     `cmd:"" help:"Show what a run would do, and what is done already."`
	Task     taskCommand     `cmd:"" help:"Do tasks that a plan lists, told on standard input, for an engine that spreads them over machines."`
	Why      whyCommand      `cmd:"" help:"Show for what reasons a step would run, and why it failed if it did."`
	Diff     diffCommand     `cmd:"" help:"Show what changed between two runs, what was made again for it, and how scores moved."`
	Costs    costsCommand    `cmd:"" help:"Show scores beside the CPU time that they took."`
	Verify   verifyCommand   `cmd:"" help:"Find files that are not what they were when they were written."`
	GC       gcCommand       `cmd:"" name:"gc" help:"Remove from the cache what nothing names any more."`
	Doctor   doctorCommand   `cmd:"" help:"Look for what is wrong with the machine, the work folder, the pipeline and its models."`
	List     listCommand     `cmd:"" help:"List the kinds of sources, models, stages and sinks."`
	Sources  sourcesCommand  `cmd:"" help:"List the published data sets that ferry can download."`
	Schema   schemaCommand   `cmd:"" help:"Print the JSON Schema of pipeline files, for editors."`
	Init     initCommand     `cmd:"" help:"Write a commented pipeline file to start from."`
	Audit    auditCommand    `cmd:"" help:"Measure how a tokenizer treats the texts of a language."`
	Evaluate evaluateCommand `cmd:"" help:"Evaluate a run file against judgments, as trec_eval does."`
	Compare  compareCommand  `cmd:"" help:"Compare run files: which is better, by how much, and which queries moved why."`
	Search   searchCommand   `cmd:"" help:"Ask a question of embedded documents."`
	Explain  explainCommand  `cmd:"" help:"Show how two texts are aligned, token by token."`
	Inspect  inspectCommand  `cmd:"" help:"Show what is in a Parquet or Arrow file."`
	Version  versionCommand  `cmd:"" help:"Print ferry's version."`
}

const description = `ferry carries retrieval skill from a language that has training data to languages that have none.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, or files that it names are missing or unfit, 71 too little memory or disk, 75 another run is at work, 130 interrupted (143 by SIGTERM).`

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
	f, ok := stderr.(*os.File)
	secrets := pipeline.NewSecrets(os.Environ())
	t := &terminal{Out: secrets.Writer(stdout), Err: secrets.Writer(stderr), screen: ok && term.IsTerminal(int(f.Fd()))}
	var p program
	parser, err := kong.New(&p, kong.Name("ferry"), kong.Description(description), kong.Writers(t.Out, t.Err),
		kong.Exit(func(code int) { panic(exit(code)) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		panic(err)
	}
	if len(args) == 0 {
		args = []string{"help"}
	}
	if args[0] == "help" { // a word that people try
		args = append(slices.Clone(args[1:]), "--help")
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(t.Err, "ferry: %s\ntry `ferry --help`\n", err)
		return Wrong
	}
	if err := kernel.CheckISA(); err != nil {
		return explain(fmt.Errorf("%w%w", err, errUsage), t)
	}
	ctx, stop := interruptible(ctx, t)
	defer stop()
	parsed.BindTo(ctx, (*context.Context)(nil))
	return explain(parsed.Run(t), t)
}

var errUsage = errors.New("")

// explain writes an error in words and returns its exit code.
func explain(err error, t *terminal) int {
	var mistakes pipeline.Mistakes
	var stopped interruption
	if errors.Is(err, context.Canceled) && !errors.As(err, &stopped) {
		err = interruption{os.Interrupt}
	}
	switch {
	case err == nil:
		return Done
	case errors.As(err, &stopped):
		t.say(slog.LevelWarn, "ferry: ", stopped.Error())
		return stopped.code()
	case errors.As(err, &mistakes):
		for _, m := range mistakes {
			t.say(slog.LevelError, "", m.String())
		}
		if len(mistakes) > 1 {
			t.say(slog.LevelError, "", fmt.Sprintf("%d mistakes", len(mistakes)))
		}
		return Wrong
	}
	t.say(slog.LevelError, "ferry: ", withRemedy(err))
	var busy *pipeline.Busy
	var shortage *pipeline.Shortage
	switch {
	case errors.As(err, &shortage), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return NoRoom
	case errors.As(err, &busy):
		return Busy
	case errors.Is(err, errUsage), errors.Is(err, pipeline.ErrSpread):
		return Wrong
	}
	return Failed
}
