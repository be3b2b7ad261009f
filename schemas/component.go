package schemas

import (
	"context"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A TableRef is a configuration value that names a table: `mtop.documents`, or `tico` for a step's first table.
type TableRef string

// A ModelRef is a configuration value that names a model: an entry of `models`, or a stage that trains one.
type ModelRef string

// A Path is a configuration value that names a file or folder, relative to the YAML file, and may be a glob. The
// pipeline makes it absolute before the component sees it. `sample:mtop` names a built-in corpus.
type Path string

// A TableType is the name and schema of a table that a component offers.
type TableType struct {
	Name   string
	Schema *arrow.Schema
	MadeOf []string // as in Table
}

// A Table can be read any number of times, always in the same order.
type Table struct {
	Name   string // as the configuration refers to it, such as mtop.documents
	Schema *arrow.Schema
	Rows   int64 // -1 while the table is still being made
	// MadeOf names, for one who reads the table, those of its other inputs that the table was made of.
	MadeOf []string
	// Batches yields the table's record batches. The consumer releases nothing: a batch is valid until the next one
	// is asked for, unless retained. An error ends the sequence.
	Batches func(ctx context.Context) iter.Seq2[arrow.RecordBatch, error]
}

// An Output receives what a component produces. Its functions may be called from one goroutine at a time.
type Output struct {
	Allocator memory.Allocator
	// Emit takes one record batch. It does not keep it: the caller releases the batch afterwards.
	Emit func(arrow.RecordBatch) error
	// Reject puts a row into quarantine. It returns an error once the budget of bad rows is spent.
	Reject func(Rejected) error
	// Drop counts n rows that were left out on purpose, such as empty lines, under a short reason.
	Drop func(reason string, n int64)
	// Warn tells the person who runs the pipeline of something that is probably wrong, in the log and in the manifest.
	Warn func(message string)
	// Mended returns the rows that a person has mended in the file of that path, as Rejected names it, by offset: each is
	// read in place of what the file has there, and one that is empty is left out. It may be nil.
	Mended func(path string) map[int64][]byte
	// Workers is how many goroutines a source may keep computing, 1 if it is less. What it puts here does not depend on it.
	Workers int
	// MaxExpansion is how many times its size a packed file may become before a source takes it for an attack; 0 means
	// the constant of that name.
	MaxExpansion int
}

// MaxExpansion is enough for any text.
const MaxExpansion = 200

// Rejected is a row that could not be used; see the quarantine table.
type Rejected struct {
	Path   string
	Line   int64 // from 1; 0 if unknown
	Offset int64 // -1 if unknown
	Reason string
	Detail string
	Raw    []byte
}

// A Mistake is something wrong with one key of a component's configuration.
type Mistake struct {
	Key     string // as written in the YAML, such as path or losses.ot; empty for the step as a whole
	Problem string // lower case, without a full stop
	Outside bool   // of the configuration: a file that it names is damaged, say, and may be whole tomorrow
}

func (m Mistake) Error() string {
	if m.Key == "" {
		return m.Problem
	}
	return m.Key + ": " + m.Problem
}
