package stages

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
)

// Lint looks for what makes scores wrong or worthless, before hours are spent on them, and makes a table of findings: evaluation
// queries and documents that stand in the training text, judgments of ids that are not there, queries without judgments,
// ids that come twice, documents with a query's id, texts that are empty, in the wrong script, not translated, or decoded
// wrongly. Every finding has a severity, error, warning or info, and the ids of the rows concerned; the end of the
// reference says what each rule means. `ferry lint` does the same for a whole pipeline file, without any of this in it.
//
// Texts are compared without regard to language, case, punctuation and white space: exactly, and by MinHash as in
// deduplicate. A sentence that stands somewhere within a longer document is not found.
//
// Memory is bounded by `window`: where there are more rows than that, all tables are read several times, and each time a part
// of the evaluation texts is held, by a hash of their ids. Nothing is left out for lack of memory.
type Lint struct {
	// Training names the tables whose texts a model learns from: pairs, documents, queries, or triples.
	Training []schemas.TableRef `yaml:"training"`
	// Queries names the table of the queries that are evaluated.
	Queries schemas.TableRef `yaml:"queries"`
	// Documents names the table of the documents that they search in.
	Documents schemas.TableRef `yaml:"documents"`
	// Judgments names the table of their judgments.
	Judgments schemas.TableRef `yaml:"judgments"`
	// Near is the similarity, above 0 and at most 1, from which a training text is near an evaluation text; 0 compares exactly
	// only.
	Near float64 `yaml:"near"`
	// Shingle is the number of characters in a shingle, by which near texts are compared.
	Shingle int `yaml:"shingle"`
	// Window is the number of evaluation texts, or judgments, that are held at a time. A text takes about 500 bytes, and 1.5 KB
	// with `near`; a judgment about 100 bytes.
	Window int `yaml:"window"`
	// MinScript is the share of a text's letters, 0 to 1, that should be in the script of its language.
	MinScript float64 `yaml:"min_script"`
	// Ignore names rules whose findings are left out.
	Ignore []string `yaml:"ignore"`
	// FailOn is the least severity that ends the run once the findings are written: error, warning, or never.
	FailOn string `yaml:"fail_on"`
}

// NewLint returns a Lint with its defaults.
func NewLint() *Lint {
	return &Lint{Near: 0.8, Shingle: 5, Window: 250_000, MinScript: 0.2, FailOn: schemas.SeverityError}
}

// Validate checks the keys.
func (l *Lint) Validate() []schemas.Mistake {
	found := mistakes(oneOf("fail_on", l.FailOn, schemas.SeverityError, schemas.SeverityWarning, "never"))
	found.when(!(l.Near >= 0 && l.Near <= 1), "near", "from 0 to 1", l.Near)
	found.when(!(l.MinScript >= 0 && l.MinScript <= 1), "min_script", "from 0 to 1", l.MinScript)
	found.when(l.Shingle < 1, "shingle", "at least 1", l.Shingle)
	found.when(l.Window < 1, "window", "at least 1", l.Window)
	for i, name := range l.Ignore {
		if _, ok := schemas.RuleNamed(name); !ok {
			found = append(found, schemas.Mistake{Key: fmt.Sprintf("ignore[%d]", i), Problem: fmt.Sprintf("there is no rule %q; findings name theirs", name)})
		}
	}
	if len(l.Training) == 0 && l.Queries == "" && l.Documents == "" && l.Judgments == "" {
		found = append(found, schemas.Mistake{Problem: "has nothing to look at: name training, queries, documents or judgments"})
	}
	return found
}

// Outputs is the table of findings.
func (l *Lint) Outputs(in Types) (Outputs, []schemas.Mistake) {
	found := lacks("queries", in.Schema("queries"), "queries", schemas.Language, schemas.ID, schemas.Text)
	found = append(found, lacks("documents", in.Schema("documents"), "documents", schemas.Language, schemas.ID, schemas.Text)...)
	found = append(found, lacks("judgments", in.Schema("judgments"), "judgments", schemas.QueryID, schemas.DocumentID, schemas.Grade)...)
	for _, t := range in.Tables["training"] {
		if t.Schema != nil && !isTriples(t.Schema) && textSides(t.Schema) == nil {
			found = append(found, schemas.Mistake{Key: "training", Problem: fmt.Sprintf("needs tables of pairs, documents, queries or triples; %s has %s", t.Name, columnList(t.Schema))})
		}
	}
	return Outputs{Tables: []schemas.TableType{{Name: "findings", Schema: schemas.Findings()}}}, found
}

func isTriples(schema *arrow.Schema) bool { return schema.HasField(schemas.PositiveID) }

// A Refusal is the error of a stage whose tables are complete and kept. The run ends with it once they are written.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return r.Reason }

// Run looks through the tables, as often as their size and window ask for. Its error is a Refusal if fail_on asks for it.
func (l *Lint) Run(ctx context.Context, job Job) (*model.Model, error) {
	r := &linting{Lint: l, job: job, found: newFindings(job.Outputs["findings"], l.Ignore)}
	defer r.found.release()
	if err := r.survey(ctx); err != nil {
		return nil, err
	}
	if err := r.reportShared(); err != nil {
		return nil, err
	}
	for part := range r.parts {
		if err := r.lintPart(ctx, part); err != nil {
			return nil, err
		}
	}
	if err := r.found.flush(); err != nil {
		return nil, err
	}
	if l.FailOn != "never" && r.found.atLeast(l.FailOn) > 0 {
		return nil, &Refusal{r.found.refusal(l.FailOn)}
	}
	return nil, nil
}

// A linting is one run of Lint.
type linting struct {
	*Lint
	job       Job
	found     *findings
	parts     int                 // of the evaluation texts, by id
	languages map[string][]string // of the queries and documents, by key, in the order in which they came
	documents int64               // rows of that table
	read      int64               // rows of all, so far
}

// survey counts rows and languages, and chooses the number of parts.
func (r *linting) survey(ctx context.Context) error {
	r.languages = map[string][]string{}
	var texts, judgments int64
	for _, key := range []string{"queries", "documents"} {
		err := r.each(ctx, key, func(batch arrow.RecordBatch, _ schemas.Table) error {
			texts += batch.NumRows()
			if key == "documents" {
				r.documents += batch.NumRows()
			}
			languages := columnOfTexts(batch, schemas.Language)
			for i := range int(batch.NumRows()) {
				if last := r.languages[key]; !slices.Contains(last, languages(i)) {
					r.languages[key] = append(last, clone(languages(i)))
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	err := r.each(ctx, "judgments", func(batch arrow.RecordBatch, _ schemas.Table) error {
		judgments += batch.NumRows()
		return nil
	})
	window := int64(r.Window)
	r.parts = int(max(1, (max(texts, judgments)+window-1)/window))
	return err
}

// reportShared tells that the documents themselves are trained on.
func (r *linting) reportShared() error {
	documents, ok := r.job.Table("documents")
	for _, t := range r.job.Tables["training"] {
		if ok && t.Name == documents.Name {
			return r.found.add(schemas.Finding{Severity: schemas.SeverityInfo, Rule: schemas.DocumentsTrainedOn, Table: t.Name,
				RelatedTable: t.Name, Detail: "the same table is searched and trained on", Count: r.documents})
		}
	}
	return nil
}

// part is where an id belongs.
func (r *linting) part(id string) int {
	if r.parts == 1 {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(id))
	return int(h.Sum64() % uint64(r.parts))
}

// each calls do for every batch of the tables that key names.
func (r *linting) each(ctx context.Context, key string, do func(arrow.RecordBatch, schemas.Table) error) error {
	for _, t := range r.job.Tables[key] {
		for batch, err := range t.Batches(ctx) {
			if err == nil {
				err = do(batch, t)
			}
			if err != nil {
				return err
			}
			r.read += batch.NumRows()
			r.job.Progress(r.read, 0, "rows of "+t.Name)
		}
	}
	return nil
}

// lintPart looks at the evaluation texts of one part, what is judged of it, and where it stands in the training text.
func (r *linting) lintPart(ctx context.Context, number int) error {
	p := newEvaluated(r, number)
	for _, key := range []string{"queries", "documents"} {
		err := r.each(ctx, key, func(batch arrow.RecordBatch, t schemas.Table) error { return p.add(batch, t, key == "queries") })
		if err != nil {
			return err
		}
	}
	if _, ok := r.job.Table("judgments"); ok {
		if err := p.judge(ctx); err != nil {
			return err
		}
	}
	if err := r.each(ctx, "training", p.train); err != nil {
		return err
	}
	if err := p.reportJudged(); err != nil {
		return err
	}
	return p.reportTrained(ctx)
}
