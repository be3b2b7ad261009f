package stages

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sourcegraph/conc/iter"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/text"
	"github.com/ferry-clir/ferry/schemas"
)

// Deduplicate leaves out documents, queries or pairs whose text came before in the same language, and keeps the first. Of pairs
// both sides have to come again together, of documents title and text. The manifest counts those left out as duplicate
// or, with `near`, near_duplicate.
//
// Near duplicates are found by MinHash: texts are compared as sets of shingles, sequences of characters, without regard to
// case and white space. Their similarity is what two sets have in common, as a share of what is in either, and is estimated
// from 128 hash values, so that near the bound it may go either way: 0.03 to 0.04 is usual.
//
// The judgments of documents and queries that are left out name what is not there any more; evaluate would count such
// documents as not found. So name the `judgments`, and read those of this stage after it: of its table judgments, a row each, what
// was left out has the id of what was kept in its place, and judgments of both have the higher grade. Where documents are in
// several languages, judgments that hold for any stay as they are.
type Deduplicate struct {
	// From names a table of documents, queries or pairs.
	From schemas.TableRef `yaml:"from" ferry:"required"`
	// Judgments names a table of judgments of the documents or queries, offered as judgments again.
	Judgments schemas.TableRef `yaml:"judgments"`
	// Near is the similarity, above 0 and at most 1, from which a text is a near duplicate, such as 0.8; 0 leaves out exact
	// duplicates only.
	Near float64 `yaml:"near"`
	// Shingle is the number of characters in a shingle.
	Shingle int `yaml:"shingle"`
	// Window is the number of rows that are remembered: each is compared with so many of the rows kept before it, the last
	// ones. One takes about 60 bytes of memory, with `near` about 1 KB, with `judgments` 50 bytes more.
	Window int `yaml:"window"`
}

// NewDeduplicate returns a Deduplicate with its defaults.
func NewDeduplicate() *Deduplicate { return &Deduplicate{Shingle: 5, Window: 1_000_000} }

// Validate checks the keys.
func (d *Deduplicate) Validate() []schemas.Mistake {
	var found mistakes
	found.when(d.Near < 0 || d.Near > 1, "near", "from 0 to 1", d.Near)
	found.when(d.Shingle < 1, "shingle", "at least 1", d.Shingle)
	found.when(d.Window < 1, "window", "at least 1", d.Window)
	return found
}

// Makes says that a row is kept as it is, or dropped.
func (d *Deduplicate) Makes() Makes { return OneInEach }

// Outputs is a table with the columns of From, and one of judgments if they are named.
func (d *Deduplicate) Outputs(in Types) (Outputs, []schemas.Mistake) {
	from := in.Schema("from")
	out, found := Outputs{Tables: []schemas.TableType{{Name: "kept", Schema: from}}}, lacksTexts(from)
	if d.Judgments != "" {
		found = append(found, lacks("judgments", in.Schema("judgments"), "judgments", schemas.QueryID, schemas.DocumentID, schemas.Grade)...)
		if from != nil && len(found) == 0 && len(textSides(from)) > 1 {
			found = append(found, schemas.Mistake{Key: "judgments", Problem: "are of documents or queries; this table has " + columnList(from)})
		}
		out.Tables = append(out.Tables, schemas.TableType{Name: "judgments", Schema: schemas.Judgments()})
	}
	return out, found
}

// Run deduplicates. Texts are hashed by several workers and compared by one, in order.
func (d *Deduplicate) Run(ctx context.Context, job Job) (*model.Model, error) {
	return nil, d.compare(ctx, job, func(batch arrow.RecordBatch) ([]hashedText, error) { return d.hash(batch, job.Workers), nil })
}

// compare compares rows in order, by what hash has of those of a batch, and emits what is kept.
func (d *Deduplicate) compare(ctx context.Context, job Job, hash func(batch arrow.RecordBatch) ([]hashedText, error)) error {
	from, _ := job.Table("from")
	out := job.Outputs["kept"]
	duplicates, replaced := text.NewDuplicates(d.Window, d.Near), d.newReplaced(from.Schema)
	var seen int64
	for batch, err := range from.Batches(ctx) {
		if err != nil {
			return err
		}
		hashed, err := hash(batch)
		if err != nil {
			return err
		}
		var rows []int
		for i, one := range hashed {
			reason, of := duplicates.Add(one.digest, one.sketch)
			replaced.add(batch, i, of, reason != "")
			if reason != "" {
				out.Drop(reason, 1)
				continue
			}
			rows = append(rows, i)
		}
		if err := emitRows(out, batch, rows); err != nil {
			return err
		}
		seen += batch.NumRows()
		job.Progress(seen, from.Rows, "rows")
	}
	if judged, ok := job.Table("judgments"); ok {
		return replaced.judge(ctx, judged, job.Outputs["judgments"])
	}
	return nil
}

// A hashedText is what rows are compared by.
type hashedText struct {
	digest [16]byte
	sketch *text.Sketch // nil if near duplicates are not looked for
}

// hash hashes the rows of a batch.
func (d *Deduplicate) hash(batch arrow.RecordBatch, workers int) []hashedText {
	hashed := make([]hashedText, batch.NumRows())
	parts := textParts(batch)
	iter.Iterator[hashedText]{MaxGoroutines: workers}.ForEachIdx(hashed, func(i int, one *hashedText) {
		row := parts(i)
		one.digest = text.Digest(row...)
		if d.Near > 0 {
			one.sketch = text.NewSketch()
			for _, p := range row {
				one.sketch.Add(p, d.Shingle)
			}
		}
	})
	return hashed
}

// textParts returns the texts of a batch's rows, which are valid as long as the batch is: the sides of pairs, or title and
// text in one.
func textParts(batch arrow.RecordBatch) func(i int) []text.Part {
	sides := textSides(batch.Schema())
	titled := batch.Schema().HasField(schemas.Title)
	return func(i int) []text.Part {
		parts := make([]text.Part, len(sides))
		for s, side := range sides {
			parts[s] = text.Part{Language: texts(batch, side.language).Value(i), Text: texts(batch, side.text).Value(i)}
		}
		if titled {
			parts[0].Text = texts(batch, schemas.Title).Value(i) + "\n" + parts[0].Text
		}
		return parts
	}
}
