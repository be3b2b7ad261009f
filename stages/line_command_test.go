package stages

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestProgram is the program that the other tests start: it does what the variable says.
func TestProgram(t *testing.T) {
	how := os.Getenv("FERRY_TEST_PROGRAM")
	if how == "" {
		t.Skip("is started by TestLineCommand")
	}
	in := bufio.NewScanner(os.Stdin)
	upper := func() {
		for in.Scan() {
			fmt.Println(strings.ToUpper(in.Text()))
		}
	}
	switch how {
	case "upper":
		upper()
	case "all first":
		all, _ := io.ReadAll(os.Stdin)
		os.Stdout.WriteString(strings.ToUpper(string(all)))
	case "few":
		in.Scan()
		fmt.Println("one")
		fmt.Fprintln(os.Stderr, "out of memory")
		os.Exit(3)
	case "many":
		upper()
		fmt.Println("thanks")
	case "double":
		for in.Scan() {
			fmt.Print(in.Text() + "\n\n")
		}
	case "gaps":
		fmt.Print("one\n\n\xff\nfour\n")
	case "long":
		fmt.Print(strings.Repeat("x", longestLine+1))
		io.Copy(io.Discard, os.Stdin)
	case "silent":
		time.Sleep(time.Minute)
	case "idle":
		upper()
		time.Sleep(time.Minute)
	case "failing":
		upper()
		os.Exit(1)
	}
	os.Exit(0)
}

func testCommand(t *testing.T, how string, lines ...string) *lineCommand {
	t.Setenv("FERRY_TEST_PROGRAM", how)
	c := &lineCommand{words: []string{os.Args[0], "-test.run=^TestProgram$"}, timeout: 20 * time.Second}
	for i, text := range lines {
		c.lines = append(c.lines, line{fmt.Sprintf("sw:%d", i), text})
	}
	return c
}

// TestLineCommand has programs that answer at once, and after all is read that fits in no pipe.
func TestLineCommand(t *testing.T) {
	var many []string
	for i := range 50_000 {
		many = append(many, fmt.Sprintf("habari ya asubuhi %d", i))
	}
	for _, how := range []string{"upper", "all first"} {
		n := 0
		err := testCommand(t, how, many...).run(t.Context(), func(i int, text string) {
			if i != n || text != strings.ToUpper(many[i]) {
				t.Fatalf("%s: line %d is %q", how, i, text)
			}
			n++
		})
		if err != nil || n != len(many) {
			t.Errorf("%s: %d lines, %v", how, n, err)
		}
	}
}

// TestLineCommandGaps has a program that knows no translation of one line, and is garbled at another.
func TestLineCommandGaps(t *testing.T) {
	var got []string
	err := testCommand(t, "gaps", "a", "b", "c", "d").run(t.Context(), func(_ int, text string) { got = append(got, text) })
	if want := []string{"one", "", "", "four"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// TestLineCommandErrors has programs that do not print a line for each line.
func TestLineCommandErrors(t *testing.T) {
	for how, want := range map[string]string{
		"few":     "ended after 1 of 3 lines, without one for query sw:1, \"b\": exit status 3; the end of what it wrote to stderr:\nout of memory",
		"many":    `was given 3 lines and printed more, the first of them "thanks"`,
		"double":  `was given 3 lines and printed more, 1 of them empty; does it print the line break that it read?`,
		"long":    "it printed a line of more than 1048576 bytes",
		"silent":  `printed nothing for 1s, after 0 of 3 lines; the next is that of query sw:0, "a"`,
		"idle":    "printed all lines, and did not end within 1s",
		"failing": "printed all lines, and failed: exit status 1",
	} {
		t.Run(how, func(t *testing.T) {
			c := testCommand(t, how, "a", "b", "c")
			if how == "silent" {
				c.timeout = time.Second
			}
			got := func(i int, _ string) {
				if how == "idle" && i == 2 { // until now it may take its time
					c.timeout = time.Second
				}
			}
			if err := c.run(t.Context(), got); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

// TestLineCommandStops ends a program that hangs, for the reason that the run has.
func TestLineCommandStops(t *testing.T) {
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	if err := testCommand(t, "idle", "a").run(ctx, func(int, string) { cancel(enough) }); err != enough {
		t.Errorf("%v, want %v", err, enough)
	}
}
