package sinks

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/ferry-clir/ferry/schemas"
)

// Report writes what people look at: report.html, one page that needs no network, with tables and charts of scores, comparisons,
// training, alignments, audits and findings. Beside it are the same tables as Parquet, Markdown and LaTeX, and the hits as TREC run files.
// What it wrote there before and does not write any more, such as the runs of a language that was dropped, is removed, but not from a
// bucket; .files lists what it wrote, and nothing else is touched.
type Report struct {
	// From names the table of scores, or several: one a variant.
	From []schemas.TableRef `yaml:"from"`
	// Comparisons names tables of comparisons, which are shown in place of the scores when a run ends.
	Comparisons []schemas.TableRef `yaml:"comparisons"`
	// Hits names tables of hits to write as TREC run files, one a query language.
	Hits []schemas.TableRef `yaml:"hits"`
	// Queries names the tables of queries that the hits are of. With these, documents and judgments, the page shows the queries of
	// each language that the best variant with hits answers worst, or for which it loses most to the baseline of comparisons: what
	// they ask, what was found, and where the relevant documents stood.
	Queries []schemas.TableRef `yaml:"queries"`
	// Documents names the tables of documents that the hits are of.
	Documents []schemas.TableRef `yaml:"documents"`
	// Judgments names the tables of judgments that the scores are by. They are written beside the run files, in trec_eval's format
	// as well, for `ferry compare` and other tools.
	Judgments []schemas.TableRef `yaml:"judgments"`
	// Training names tables of training, whose curves are drawn: those of stages that train.
	Training []schemas.TableRef `yaml:"training"`
	// Alignments names tables of plans, as explain makes, to draw as heat maps.
	Alignments []schemas.TableRef `yaml:"alignments"`
	// Audit names tables of audits to show side by side: one a tokenizer. With comparisons, gains are drawn against fertility.
	Audit []schemas.TableRef `yaml:"audit"`
	// Findings names tables of findings.
	Findings []schemas.TableRef `yaml:"findings"`
	// Title of the page; unless said otherwise the pipeline's name and, if that is not report, the step's.
	Title string `yaml:"title"`
	// Path of the folder.
	Path schemas.Path `yaml:"path" ferry:"required"`
}

// NewReport returns a Report with its defaults.
func NewReport() *Report { return &Report{} }

// InPipeline titles the page after the pipeline and, unless that is plain report, the step: there may be several.
func (r *Report) InPipeline(name, step string) {
	if r.Title == "" {
		r.Title = name
		if step != "report" {
			r.Title += ": " + step
		}
	}
}

// Validate makes sure that there is something to write, and that the folder can be one.
func (r *Report) Validate() []schemas.Mistake {
	if len(r.From) == 0 && len(r.Comparisons) == 0 && len(r.Training) == 0 && len(r.Alignments) == 0 && len(r.Audit) == 0 && len(r.Findings) == 0 {
		return []schemas.Mistake{{Problem: `needs the key "from", "comparisons", "training", "alignments", "audit" or "findings"`}}
	}
	if len(r.From) == 0 && len(r.Hits) > 0 {
		return []schemas.Mistake{{Key: "hits", Problem: `needs the key "from" beside it`}}
	}
	if some, all := len(r.Queries)+len(r.Documents)+len(r.Judgments) > 0, len(r.Hits) > 0 && len(r.Queries) > 0 && len(r.Documents) > 0 && len(r.Judgments) > 0; some && !all {
		return []schemas.Mistake{{Problem: `needs all of the keys "from", "hits", "queries", "documents" and "judgments" to show queries`}}
	}
	if stat, err := os.Stat(string(r.Path)); err == nil && !stat.IsDir() {
		return []schemas.Mistake{{Key: "path", Problem: "is a file; name a folder"}}
	}
	return nil
}

// Accepts takes tables of scores, of comparisons, of hits and what they are of, of training, of plans, of audits, and of findings.
func (r *Report) Accepts(in map[string][]schemas.TableType) []schemas.Mistake {
	var found []schemas.Mistake
	for _, want := range []struct{ key, column, table string }{
		{"from", schemas.TrainingSeed, "scores"}, {"comparisons", schemas.Gain, "comparisons"}, {"hits", schemas.Rank, "hits"},
		{"queries", schemas.Exclude, "queries"}, {"documents", schemas.Title, "documents"}, {"judgments", schemas.Grade, "judgments"},
		{"training", schemas.GradientNorm, "training"}, {"alignments", schemas.PairID, "plans"}, {"audit", schemas.Fertility, "audits"}, {"findings", schemas.Severity, "findings"},
	} {
		for _, t := range in[want.key] {
			if !t.Schema.HasField(want.column) {
				found = append(found, schemas.Mistake{Key: want.key, Problem: fmt.Sprintf("needs tables of %s; %s has no column %s", want.table, t.Name, want.column)})
			}
		}
	}
	if len(r.Queries) > 0 && !slices.ContainsFunc(in["from"], func(scores schemas.TableType) bool {
		return slices.ContainsFunc(in["hits"], func(hits schemas.TableType) bool { return slices.Contains(scores.MadeOf, hits.Name) })
	}) {
		found = append(found, schemas.Mistake{Key: "hits", Problem: "none of them is what a table under from was measured on; name the hits of one of these to show queries"})
	}
	return found
}

// Files are the page, the list of what is written, the tables of scores, of comparisons, of audits and of findings in each format, and the folder of run files
// with hits.
func (r *Report) Files() []string {
	files := []string{r.Page(), r.file(listName)}
	for _, part := range []struct {
		tables []schemas.TableRef
		name   string
		latex  bool
	}{{r.From, "scores", true}, {r.Comparisons, "comparisons", true}, {r.Audit, "audit", true}, {r.Findings, "findings", false}} {
		if len(part.tables) == 0 {
			continue
		}
		files = append(files, r.file(part.name+".parquet"), r.file(part.name+".md"))
		if part.latex {
			files = append(files, r.file(part.name+".tex"))
		}
	}
	if len(r.Hits) > 0 {
		files = append(files, r.file("runs"))
	}
	return files
}

// Page is the file that people open.
func (r *Report) Page() string { return r.file("report.html") }

func (r *Report) file(name string) string { return filepath.Join(string(r.Path), name) }
