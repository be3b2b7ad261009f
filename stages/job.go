package stages

import (
	"context"
	"embed"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
)

// Code is this package's source: the reference pages and `ferry schema` take their descriptions from its comments.
//
//go:embed *.go
var Code embed.FS

// Types are what the check before a run knows of a stage's inputs, by the key that names them. An input whose own step
// is mistaken is missing here.
type Types struct {
	Tables map[string][]schemas.TableType
	Models map[string]model.Info
}

// Schema is the schema of the first table that key names, or nil.
func (t Types) Schema(key string) *arrow.Schema {
	if len(t.Tables[key]) == 0 {
		return nil
	}
	return t.Tables[key][0].Schema
}

// Outputs are what a stage makes: tables, the default one first, and perhaps a model.
type Outputs struct {
	Tables []schemas.TableType
	Model  *model.Info
}

// Makes says how many rows a stage makes of one that it neither drops nor rejects.
type Makes int

// What a stage makes of a row. A row-wise one that does not say makes OneInEach.
const (
	OneInEach Makes = iota // a row in each of its tables
	OneInAll               // a row in one of its tables
	Several                // one or more in each of its tables
)

// Job is one run of a stage.
type Job struct {
	Tables   map[string][]schemas.Table // inputs, by the key that names them
	Models   map[string]*model.Model    // inputs, by the key that names them; shared, not to be changed
	Outputs  map[string]schemas.Output  // by table name
	Seed     uint64
	Workers  int                                     // goroutines it may keep busy; never changes a result
	Progress func(done, total int64, message string) // cheap; total is 0 or less if unknown
	Trained  func(loss float64)                      // told of each step of training; nil if nobody wants to know
	// Scratch is the name of a folder for what does not fit in memory. It is not there before, and goes afterwards.
	Scratch string
	// Checkpoint keeps the state of a long computation, for a run that was killed to go on from it.
	Checkpoint Checkpoint
}

// A Checkpoint keeps the last state that was saved.
type Checkpoint interface {
	// Open opens that state, which the caller closes; nil if there is none. It is called once, before Save.
	Open(ctx context.Context) (io.ReadCloser, error)
	// Save replaces it by what write writes, the state after so many steps, at once or not at all. It does nothing as long as the
	// last one is recent, unless this is the last time.
	Save(step int, last bool, write func(io.Writer) error) error
}

// Part is what a job calls the table that parts of a stage make, and are merged from.
const Part = "part"

// Parts say how several processes make a table of which Run makes the whole at once: each some parts of it, of some rows of an
// input, and one merges what they have made. That comes to the same rows as Run's, whatever the parts are.
type Parts struct {
	Of     string        // key of the input that is divided
	Schema *arrow.Schema // of what a part makes
	// Rows is how many rows of an input of that schema are worth a part: fewer are made sooner than it takes to begin one.
	Rows func(of *arrow.Schema) int64
	// Make makes a part, its output Part, of those rows of the input. It tells of nothing that Run tells of.
	Make func(ctx context.Context, job Job) error
	// Merge makes what Run makes of the table Part, all that Make made, in place of the rows of the input.
	Merge func(ctx context.Context, job Job) error
}

// Table is the first table that key names; false if the configuration leaves the key out.
func (j Job) Table(key string) (schemas.Table, bool) {
	if len(j.Tables[key]) == 0 {
		return schemas.Table{}, false
	}
	return j.Tables[key][0], true
}

// lacks returns a mistake for the first column that the schema does not have. A nil schema is somebody else's mistake.
func lacks(key string, schema *arrow.Schema, table string, columns ...string) []schemas.Mistake {
	if schema == nil {
		return nil
	}
	for _, name := range columns {
		if !schema.HasField(name) {
			return []schemas.Mistake{{Key: key, Problem: "needs a table of " + table + ", with a column " + name + "; this one has " + columnList(schema)}}
		}
	}
	return nil
}

// tooLong reports a max_tokens beyond what the model of key takes.
func tooLong(in Types, key string, maxTokens int) []schemas.Mistake {
	if info, ok := in.Models[key]; ok && maxTokens > info.Config.MaxTokens() {
		return []schemas.Mistake{{Key: "max_tokens", Problem: fmt.Sprintf("the %s takes at most %d tokens, not %d", key, info.Config.MaxTokens(), maxTokens)}}
	}
	return nil
}

func columnList(schema *arrow.Schema) string {
	list := ""
	for i, f := range schema.Fields() {
		if i > 0 {
			list += ", "
		}
		list += f.Name
	}
	return list
}
