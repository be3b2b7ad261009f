package commands

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// An interruption is the error of what a signal has stopped.
type interruption struct{ by os.Signal }

func (interruption) Error() string { return "interrupted" }

func (i interruption) code() int {
	number, _ := i.by.(syscall.Signal)
	return Interrupted + int(number)
}

// sameSignal is within which time of the first a signal is no second one: timeout(1) sends one to its child and one to its whole group.
const sameSignal = 500 * time.Millisecond

// interruptible returns a context that ends at the first Ctrl-C or SIGTERM, or when the connection to the terminal is lost,
// unless nohup has ferry go on then; the second ends the program at once.
func interruptible(ctx context.Context, t *terminal) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		select {
		case by := <-signals:
			t.say(slog.LevelWarn, "\nferry: ", "stopping; what is finished is kept, and the next run goes on from there; once more stops at once")
			cancel(interruption{by})
			for told := time.Now(); time.Since(told) < sameSignal; {
				by = <-signals
			}
			t.say(slog.LevelWarn, "ferry: ", "stopped at once; the next run goes on from what is finished, training from where it was saved last")
			os.Exit(interruption{by}.code())
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}
