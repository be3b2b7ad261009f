package stages

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/text"
	"github.com/ferry-clir/ferry/schemas"
)

// Split puts each row of a table into one of several shares, by a hash of its id: `shares: {train: 0.8, dev: 0.2}` makes the
// tables train and dev, which other steps call `name.train` and `name.dev`.
//
// An id falls into the same share whatever else is in the table, and in every table that is split with the same shares
// and salt: queries, documents, pairs and judgments of aligned ids follow each other, in all languages. Shares are laid
// out in the order of their names, and where they sum up to less than 1, the rest of the rows is dropped and counted; so
// `shares: {sample: 0.1}` is a sample, and one of 0.2 holds the same rows and as many more.
//
// A row falls where SHA-256(salt + id) does, its first 53 bits read as a fraction of 1.
type Split struct {
	// From names a table of any kind that has ids.
	From schemas.TableRef `yaml:"from" ferry:"required"`
	// Shares are the parts of the rows by name, above 0 and together at most 1.
	Shares map[string]float64 `yaml:"shares" ferry:"required"`
	// By names the columns whose ids decide: id or, in tables without one, query_id if left out. A row whose ids fall into
	// different shares is dropped and counted, such as a judgment by [query_id, document_id] whose query is in one share and
	// document in another.
	By []string `yaml:"by"`
	// Salt makes another split of the same ids. One that was split before needs it, to be split again by chance.
	Salt string `yaml:"salt"`
}

// NewSplit returns a Split with its defaults.
func NewSplit() *Split { return &Split{} }

var shareName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// Validate checks the keys.
func (s *Split) Validate() []schemas.Mistake {
	var found []schemas.Mistake
	if len(s.Shares) == 0 {
		found = append(found, schemas.Mistake{Key: "shares", Problem: "names no share"})
	}
	sum := 0.0
	for _, name := range s.split().Names() {
		share := s.Shares[name]
		if !shareName.MatchString(name) {
			found = append(found, schemas.Mistake{Key: "shares", Problem: fmt.Sprintf("%q is no name for a table: use letters, digits, _ and -", name)})
		}
		if !(share > 0 && share <= 1) {
			found = append(found, schemas.Mistake{Key: "shares." + name, Problem: fmt.Sprintf("should be above 0 and at most 1, is %v", share)})
		}
		sum += math.Max(share, 0)
	}
	if sum > 1+1e-9 && len(found) == 0 {
		found = append(found, schemas.Mistake{Key: "shares", Problem: fmt.Sprintf("should sum up to at most 1, and sum up to %.6g", sum)})
	}
	return found
}

func (s *Split) split() *text.Split { return text.NewSplit(s.Shares, s.Salt) }

// RowWise says that every row of From is put somewhere on its own.
func (s *Split) RowWise() string { return "from" }

// Makes says that a row is put into one of the tables.
func (s *Split) Makes() Makes { return OneInAll }

// Outputs is a table a share, with the columns of From.
func (s *Split) Outputs(in Types) (Outputs, []schemas.Mistake) {
	from := in.Schema("from")
	if from == nil {
		return Outputs{}, nil
	}
	var out Outputs
	for _, name := range s.split().Names() {
		out.Tables = append(out.Tables, schemas.TableType{Name: name, Schema: from})
	}
	return out, s.lacksIDs(from)
}

func (s *Split) lacksIDs(from *arrow.Schema) []schemas.Mistake {
	if len(s.By) == 0 && !from.HasField(schemas.ID) && !from.HasField(schemas.QueryID) {
		return []schemas.Mistake{{Key: "from", Problem: "needs a table with ids; this one has " + columnList(from)}}
	}
	for i, name := range s.By {
		fields, ok := from.FieldsByName(name)
		if !ok || fields[0].Type.ID() != arrow.STRING {
			return []schemas.Mistake{{Key: fmt.Sprintf("by[%d]", i), Problem: fmt.Sprintf("the table has no ids in a column %q; it has %s", name, columnList(from))}}
		}
	}
	return nil
}

// by are the columns that decide.
func (s *Split) by(schema *arrow.Schema) []string {
	switch {
	case len(s.By) > 0:
		return s.By
	case schema.HasField(schemas.ID):
		return []string{schemas.ID}
	}
	return []string{schemas.QueryID}
}

// Run splits.
func (s *Split) Run(ctx context.Context, job Job) (*model.Model, error) {
	from, _ := job.Table("from")
	split, by := s.split(), s.by(from.Schema)
	for batch, err := range from.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		if err := splitRows(job, split, batch, by); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// splitRows emits the rows of a batch to their shares' tables.
func splitRows(job Job, split *text.Split, batch arrow.RecordBatch, by []string) error {
	names := split.Names()
	rows := make([][]int, len(names))
	drop := job.Outputs[names[0]].Drop
	columns := make([]*array.String, len(by))
	for c, name := range by {
		columns[c] = texts(batch, name)
	}
	for i := range int(batch.NumRows()) {
		share := split.Share(columns[0].Value(i))
		switch straddles := slices.ContainsFunc(columns[1:], func(c *array.String) bool { return split.Share(c.Value(i)) != share }); {
		case straddles:
			drop("ids_in_different_shares", 1)
		case share < 0:
			drop("in_no_share", 1)
		default:
			rows[share] = append(rows[share], i)
		}
	}
	for share, name := range names {
		if err := emitRows(job.Outputs[name], batch, rows[share]); err != nil {
			return err
		}
	}
	return nil
}
