package stages

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/sourcegraph/conc"

	"github.com/ferry-clir/ferry/stages/child"
)

// A lineCommand is a program that prints a line for each line that it is given.
type lineCommand struct {
	words   []string
	folder  string        // where it runs, and where its files are
	timeout time.Duration // without a line
	lines   []line
}

// A line is what a program is given, with its name for messages.
type line struct{ name, text string }

// command is that of the queries of a language.
func (t *Translate) command(language string, lines []line) *lineCommand {
	place := strings.NewReplacer("{source}", language, "{target}", t.Language)
	c := &lineCommand{folder: t.folder, timeout: time.Duration(t.Timeout * float64(time.Second)), lines: lines}
	for _, word := range t.Command {
		c.words = append(c.words, place.Replace(word))
	}
	return c
}

// path is where the program is.
func (c *lineCommand) path() (string, error) {
	program := c.words[0]
	if strings.ContainsRune(program, filepath.Separator) && !filepath.IsAbs(program) {
		program = filepath.Join(c.folder, program)
	}
	found, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("there is no program %s that can be run", program)
	}
	return found, nil
}

// files are the words that name files: a program by its path, a script.
func (c *lineCommand) files() (files []string) {
	for i, word := range c.words {
		if i == 0 && !strings.ContainsRune(word, filepath.Separator) {
			continue
		}
		if !filepath.IsAbs(word) {
			word = filepath.Join(c.folder, word)
		}
		if stat, err := os.Stat(word); err == nil && stat.Mode().IsRegular() {
			files = append(files, word)
		}
	}
	return files
}

// longestLine is how many bytes of a line are read.
const longestLine = 1 << 20

// run starts the program, gives it all lines, and calls got for each line that it prints, with no text for one that is not
// UTF-8. If it prints fewer or more lines, if it fails, or prints nothing for too long, that is an error, with the end of
// what it wrote to its standard error.
func (c *lineCommand) run(ctx context.Context, got func(i int, text string)) error {
	path, err := c.path()
	if err != nil {
		return err
	}
	killed, kill := context.WithCancel(ctx)
	defer kill()
	said := &tail{}
	cmd := exec.CommandContext(killed, path, c.words[1:]...)
	child.Group(cmd)
	cmd.Dir, cmd.Stderr, cmd.WaitDelay = c.folder, said, time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", path, err)
	}
	var group conc.WaitGroup
	group.Go(func() { c.feed(stdin) })
	printed := make(chan string)
	var unread error
	group.Go(func() {
		defer close(printed)
		unread = scan(killed, stdout, printed)
	})
	n, problem := c.receive(killed, printed, got)
	if problem == nil { // scan has ended
		problem = unread
	}
	if problem != nil {
		kill()
	}
	ended := cmd.Wait()
	group.Wait()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case problem == nil && n < len(c.lines):
		problem = fmt.Errorf("it ended after %d of %d lines, without one for %s", n, len(c.lines), c.lines[n])
		if ended != nil {
			problem = fmt.Errorf("%w: %w", problem, ended)
		}
	case problem == nil && ended != nil:
		problem = fmt.Errorf("it printed all lines, and failed: %w", ended)
	}
	if problem == nil {
		return nil
	}
	return fmt.Errorf("running %s: %w%s", strings.Join(c.words, " "), problem, said)
}

// feed writes the lines. That a program reads no more is found out by what it prints.
func (c *lineCommand) feed(stdin io.WriteCloser) {
	defer stdin.Close()
	w := bufio.NewWriter(stdin)
	for _, line := range c.lines {
		if _, err := w.WriteString(line.text + "\n"); err != nil {
			return
		}
	}
	w.Flush()
}

// scan sends what a program prints, line by line.
func scan(ctx context.Context, stdout io.Reader, printed chan<- string) error {
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		select {
		case printed <- lines.Text():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("it printed a line of more than %d bytes", longestLine)
	}
	return lines.Err()
}

// receive takes the lines that are printed, and says how many there were, and what is wrong with the one after them.
func (c *lineCommand) receive(ctx context.Context, printed <-chan string, got func(i int, text string)) (n int, problem error) {
	empty := 0
	for timer := time.NewTimer(c.timeout); ; timer.Reset(c.timeout) {
		select {
		case text, ok := <-printed:
			switch {
			case !ok:
				return n, nil
			case n == len(c.lines) && empty > 0:
				return n, fmt.Errorf("it was given %d lines and printed more, %d of them empty; does it print the line break that it read?", n, empty)
			case n == len(c.lines):
				return n, fmt.Errorf("it was given %d lines and printed more, the first of them %.100q", n, text)
			case text == "":
				empty++
			case !utf8.ValidString(text):
				text = ""
			}
			got(n, text)
			n++
		case <-timer.C:
			if n == len(c.lines) {
				return n, fmt.Errorf("it printed all lines, and did not end within %v", c.timeout)
			}
			return n, fmt.Errorf("it printed nothing for %v, after %d of %d lines; the next is that of %s", c.timeout, n, len(c.lines), c.lines[n])
		case <-ctx.Done():
			return n, ctx.Err()
		}
	}
}

func (l line) String() string { return fmt.Sprintf("query %s, %.100q", l.name, l.text) }

// A tail keeps the last of what is written to it.
type tail struct {
	mutex sync.Mutex
	text  []byte
}

// Write keeps the last bytes.
func (t *tail) Write(b []byte) (int, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.text = append(t.text, b...)
	const kept = 2000 // bytes
	t.text = t.text[max(0, len(t.text)-kept):]
	return len(b), nil
}

// String introduces it; it is empty if there is nothing.
func (t *tail) String() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if text := strings.TrimSpace(strings.ToValidUTF8(string(t.text), "\uFFFD")); text != "" {
		return "; the end of what it wrote to stderr:\n" + text
	}
	return ""
}
