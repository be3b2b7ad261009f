package schedule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"github.com/sourcegraph/conc"

	"github.com/ferry-clir/ferry/sources/download"
	"github.com/ferry-clir/ferry/stages/child"
)

// A Hook is told how a run went, as a JSON object.
type Hook struct {
	// Command is a program and its arguments, such as [notify, --topic, ferry], which reads the object on its standard input. No
	// shell looks at it.
	Command []string `yaml:"command"`
	// Webhook is an address to which the object is posted, with https unless it is on this machine.
	Webhook string `yaml:"webhook"`
}

const (
	// hookTimeout is how long a command, or an answer, may take.
	hookTimeout = 30 * time.Second
	// lastWords is how long it may take yet when ferry is told to end: a run is not found again whose end nobody was told of.
	lastWords = time.Second
)

func (h Hook) check() error {
	if len(h.Command) > 0 && h.Command[0] == "" {
		return errors.New("the command has no name")
	}
	if h.Webhook == "" {
		return nil
	}
	// The address is not shown, here or anywhere: whoever knows it may post there.
	if u, err := url.Parse(h.Webhook); err != nil || !download.Secure(u) {
		return errors.New("webhook should be an https address (http only on this machine)")
	}
	return nil
}

// Call tells the hook's command and webhook of a summary, and waits for both, but not for long, and less so once ctx ends.
func (h Hook) Call(ctx context.Context, summary any) error {
	body, err := json.Marshal(summary)
	if err != nil {
		return fmt.Errorf("hook: %w", err)
	}
	body = append(body, '\n')
	ctx, stop := outliving(ctx)
	defer stop()
	var ran, posted error
	var both conc.WaitGroup // lest one that hangs keeps the other from being told
	if len(h.Command) > 0 {
		both.Go(func() {
			if failed := h.run(ctx, body); failed != nil {
				ran = fmt.Errorf("hook %s: %w", h.Command[0], failed)
			}
		})
	}
	if h.Webhook != "" {
		both.Go(func() {
			if failed := h.post(ctx, body); failed != nil {
				posted = fmt.Errorf("webhook: %w", failed)
			}
		})
	}
	both.Wait()
	return errors.Join(ran, posted)
}

// outliving returns a context that ends some time after ctx.
func outliving(ctx context.Context) (context.Context, func()) {
	late, end := context.WithCancelCause(context.WithoutCancel(ctx))
	limit := time.AfterFunc(hookTimeout, func() { end(fmt.Errorf("no end after %v", hookTimeout)) })
	unhook := context.AfterFunc(ctx, func() {
		time.AfterFunc(lastWords, func() { end(fmt.Errorf("no end %v after ferry was told to end", lastWords)) })
	})
	return late, func() {
		limit.Stop()
		unhook()
		end(nil)
	}
}

func (h Hook) run(ctx context.Context, body []byte) error {
	var output tail
	command := exec.CommandContext(ctx, h.Command[0], h.Command[1:]...)
	child.Group(command)
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(body), &output, &output
	command.WaitDelay = time.Second // for what it has started and left behind
	err := command.Run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if last := h.lastLine(string(output)); err != nil && last != "" {
		return fmt.Errorf("%w: %s", err, last)
	}
	return err
}

// lastLine is the end of what a command said, without its arguments: they may be secrets.
func (h Hook) lastLine(output string) string {
	for _, argument := range h.Command[1:] {
		if len(argument) > 3 {
			output = strings.ReplaceAll(output, argument, "***")
		}
	}
	output = strings.TrimSpace(output)
	return fmt.Sprintf("%.200s", strings.TrimSpace(output[strings.LastIndexByte(output, '\n')+1:]))
}

// A tail is the end of what was written.
type tail []byte

func (t *tail) Write(b []byte) (int, error) {
	*t = append(*t, b...)
	if more := len(*t) - 4096; more > 0 {
		*t = append((*t)[:0], (*t)[more:]...)
	}
	return len(b), nil
}

func (h Hook) post(ctx context.Context, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.Webhook, bytes.NewReader(body))
	if err != nil {
		return errors.New("its address is none") // which the error would show
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "ferry")
	response, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(request)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var withAddress *url.Error
	if errors.As(err, &withAddress) {
		return withAddress.Err
	}
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("the server answers %s", response.Status)
	}
	return nil
}
