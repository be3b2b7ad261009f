package commands

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/ferry-clir/ferry/pipeline"
)

type searchCommand struct {
	Vectors           string        `arg:"" help:"Parquet of vectors of documents, token vectors or compressed ones, as the sink parquet writes them."`
	Question          string        `arg:"" optional:"" help:"A question, in any language that the model knows."`
	Model             string        `required:"" help:"Folder of the model that embeds the question, or hf://owner/name: the one that embedded the queries."`
	Texts             string        `placeholder:"FILE" help:"Parquet of the documents, to show their texts."`
	Codec             string        `placeholder:"FILE" help:"Parquet of the codec of compressed vectors; codec.parquet beside them if not said."`
	Prefix            string        `help:"Put before the question, such as 'query: '."`
	DocumentLanguages []string      `placeholder:"CODE" help:"Languages of the documents to search in, such as sw,hi; all that there are if left out."`
	Top               int           `default:"10" help:"Number of documents to show."`
	Memory            pipeline.Size `placeholder:"SIZE" help:"What reading the documents may take of it, such as 4GiB; nearly all that there is if left out."`
	Interactive       bool          `short:"i" help:"Ask again and again, until an empty line; questions that are not typed, but piped, until their end."`
	Offline           bool          `env:"FERRY_OFFLINE" help:"Download nothing: models of the hub must be in the cache."`
}

func (c *searchCommand) Help() string {
	return "The quickest way to feel whether a model works. Vectors are compared exactly, token vectors by MaxSim, compressed ones nearly so."
}

// Run answers questions.
func (c *searchCommand) Run(ctx context.Context, t *terminal) error {
	if (c.Question == "") != c.Interactive {
		return fmt.Errorf("%wa question is needed or --interactive, and not both", errUsage)
	}
	if c.Top < 1 {
		return fmt.Errorf("%w--top should be at least 1, is %d", errUsage, c.Top)
	}
	s, err := pipeline.OpenSearcher(ctx, pipeline.SearchOptions{Vectors: c.Vectors, Codec: c.Codec, Texts: c.Texts, Model: c.Model, Prefix: c.Prefix, DocumentLanguages: c.DocumentLanguages, Top: c.Top, Offline: c.Offline, Memory: c.Memory})
	if err != nil {
		return err
	}
	if warning := s.Warning(); warning != "" {
		t.say(slog.LevelWarn, "warning: ", warning)
	}
	if !c.Interactive {
		return c.answer(ctx, t, s, c.Question)
	}
	return c.converse(ctx, t, s, term.IsTerminal(int(os.Stdin.Fd())))
}

// converse answers a question a line. A person is prompted and may end with an empty line; else each question is shown before its
// answers.
func (c *searchCommand) converse(ctx context.Context, t *terminal, s *pipeline.Searcher, person bool) error {
	lines := bufio.NewScanner(os.Stdin)
	for {
		if person {
			fmt.Fprint(t.Err, "? ")
		}
		if !lines.Scan() {
			return errors.Join(lines.Err(), context.Cause(ctx))
		}
		blank := strings.TrimSpace(lines.Text()) == ""
		if blank && person {
			return nil
		}
		if blank {
			continue
		}
		if !person {
			fmt.Fprintln(t.Out, "?", lines.Text())
		}
		if err := c.answer(ctx, t, s, lines.Text()); err != nil {
			return err
		}
	}
}

func (c *searchCommand) answer(ctx context.Context, t *terminal, s *pipeline.Searcher, question string) error {
	answers, err := s.Ask(ctx, question)
	if err != nil {
		return err
	}
	if c.Texts != "" && !slices.ContainsFunc(answers, func(a pipeline.Answer) bool { return a.Text != "" }) {
		t.say(slog.LevelWarn, "warning: ", "none of these documents has a text in "+c.Texts)
	}
	for i, a := range answers {
		line := fmt.Sprintf("%2d  %.4f  %s:%s", i+1, a.Score, a.Language, a.ID)
		if text := excerpt(a.Text, 200); text != "" {
			line += "  " + text
		}
		if _, err := fmt.Fprintln(t.Out, line); err != nil {
			return err
		}
	}
	return nil
}

// excerpt is the beginning of a text, on one line, of so many characters.
func excerpt(text string, most int) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > most {
		runes = append(runes[:most-1], '…')
	}
	return string(runes)
}
