package pipeline

import (
	"context"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks"
	"github.com/ferry-clir/ferry/sources"
	"github.com/ferry-clir/ferry/stages"
)

// AuditOptions say what is audited without a pipeline file.
type AuditOptions struct {
	Tokenizer string      // folder of a model, tokenizer.json, or hf://owner/name
	Files     []AuditFile // texts
	MaxTokens int         // 0 means as long as the model says, or 512
	Words     int         // split words to list for each language and script
	Workers   int         // goroutines; the result does not depend on it
	Offline   bool        // a tokenizer of the hub must be in the cache
}

// An AuditFile is a file of texts: JSON objects if its name has .jsonl in it, Parquet if it has .parquet, else a text a line.
type AuditFile struct {
	Path     string
	Language string // of the texts that do not say theirs
}

// defaultMaxTokens is the longest input where no model says another.
const defaultMaxTokens = 512

// Audited is the outcome of an audit.
type Audited struct {
	audit, split collected
	Rejected     int64            // rows that could not be used
	First        schemas.Rejected // of them
}

// Audit measures how a tokenizer treats the texts of files, as the stage audit does. It streams them.
func Audit(ctx context.Context, o AuditOptions) (*Audited, error) {
	t, longest, err := sources.OpenTokenizer(ctx, o.Tokenizer, o.Offline)
	if err != nil {
		return nil, err
	}
	for _, longer := range []int{o.MaxTokens, longest, defaultMaxTokens} {
		if longest = longer; longest > 0 {
			break
		}
	}
	done := &Audited{audit: collected{schema: schemas.Audit()}, split: collected{schema: schemas.SplitWords()}}
	auditor := stages.NewAuditor(t, longest, o.Workers)
	out := schemas.Output{
		Allocator: memory.DefaultAllocator,
		Emit:      func(batch arrow.RecordBatch) error { auditor.Add(batch); return nil },
		Drop:      func(string, int64) {},
		Warn:      func(string) {},
		Reject:    done.reject,
		Workers:   o.Workers,
	}
	for _, f := range o.Files {
		s, err := f.source()
		if err == nil {
			err = s.Read(ctx, "documents", out)
		}
		if err != nil {
			return nil, err
		}
	}
	name := filepath.Base(strings.TrimSuffix(o.Tokenizer, "/tokenizer.json"))
	return done, auditor.Emit(name, o.Words, done.audit.output(), done.split.output())
}

func (a *Audited) reject(r schemas.Rejected) error {
	if a.Rejected++; a.Rejected == 1 {
		a.First = r
	}
	return nil
}

// Write writes the tables: as text with bars, as JSON, or as CSV, which has no split words.
func (a *Audited) Write(w io.Writer, format string) error {
	return sinks.WriteAudit(w, format, a.audit.table(), a.split.table())
}

// source reads the file.
func (f AuditFile) source() (source, error) {
	path := []schemas.Path{schemas.Path(f.Path)}
	var s source
	switch name := filepath.Base(f.Path); {
	case strings.Contains(name, ".tmx"), strings.Contains(name, ".tsv"):
		return nil, fmt.Errorf("reading %s: it has more than a text a line; audit it by a pipeline with the source bitext and the stage audit", f.Path)
	case strings.Contains(name, ".jsonl"):
		j := sources.NewJSONL()
		j.Path, j.Language = path, f.Language
		s = j
	case strings.Contains(name, ".parquet"):
		p := sources.NewParquet()
		p.Path, p.Language = path, f.Language
		s = p
	default:
		t := sources.NewText()
		t.Path, t.Language = path, f.Language
		s = t
	}
	if _, err := s.Files(); err != nil {
		return nil, err
	}
	for _, m := range s.(validator).Validate() {
		return nil, fmt.Errorf("reading %s: %w", f.Path, m)
	}
	return s, nil
}

// collected is a small table in memory.
type collected struct {
	schema  *arrow.Schema
	batches []arrow.RecordBatch
}

func (c *collected) output() schemas.Output {
	return schemas.Output{Allocator: memory.DefaultAllocator, Emit: func(batch arrow.RecordBatch) error {
		batch.Retain()
		c.batches = append(c.batches, batch)
		return nil
	}}
}

func (c *collected) table() schemas.Table {
	return schemas.Table{Schema: c.schema, Batches: func(context.Context) iter.Seq2[arrow.RecordBatch, error] {
		return func(yield func(arrow.RecordBatch, error) bool) {
			for batch := range slices.Values(c.batches) {
				if !yield(batch, nil) {
					return
				}
			}
		}
	}}
}
