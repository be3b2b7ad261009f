package commands

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"

	"github.com/ferry-clir/ferry/pipeline"
)

type auditCommand struct {
	Model     string   `arg:"" help:"Folder of a model, tokenizer.json, or hf://owner/name."`
	Files     []string `arg:"" name:"file" help:"Texts to audit it on: a text a line, .jsonl or .parquet, compressed or not. sw=FILE says their language."`
	Language  string   `default:"und" help:"Language of the texts that do not say theirs."`
	MaxTokens int      `help:"Longest input, special tokens included; what the model says, or 512, if left out."`
	Words     int      `default:"10" help:"Split words to show for each language and script."`
	Offline   bool     `env:"FERRY_OFFLINE" help:"Download nothing: a tokenizer of the hub must be in the cache."`
	Format    string   `enum:"table,json,csv" default:"table" help:"table, json or csv; csv has no split words."`
}

// Run audits a tokenizer on files.
func (c *auditCommand) Run(ctx context.Context, t *terminal) error {
	if c.MaxTokens < 0 || c.Words < 0 {
		return fmt.Errorf("%w--max-tokens and --words should be at least 0", errUsage)
	}
	o := pipeline.AuditOptions{Tokenizer: c.Model, MaxTokens: c.MaxTokens, Words: c.Words, Workers: runtime.NumCPU(), Offline: c.Offline}
	for _, name := range c.Files {
		file := pipeline.AuditFile{Path: name, Language: c.Language}
		if language, path, ok := strings.Cut(name, "="); ok && !strings.ContainsAny(language, `/\.`) {
			file.Language, file.Path = language, path
		}
		o.Files = append(o.Files, file)
	}
	audited, err := pipeline.Audit(ctx, o)
	if err != nil {
		return err
	}
	if n := audited.Rejected; n > 0 {
		t.say(slog.LevelWarn, "ferry: ", fmt.Sprintf("%d rows could not be used, the first at %s:%d: %s", n, audited.First.Path, audited.First.Line, audited.First.Reason))
	}
	return audited.Write(t.Out, c.Format)
}
