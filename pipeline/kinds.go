package pipeline

import (
	"context"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks"
	"github.com/ferry-clir/ferry/sources"
	"github.com/ferry-clir/ferry/stages"
)

// A source offers tables read from files. Tables and Files are called before a run, Read during it, once a table.
type source interface {
	Tables() []schemas.TableType
	Files() ([]string, error)
	Read(ctx context.Context, table string, out schemas.Output) error
}

// An acquirer is a source that knows where its files are published. Published returns those that the run needs, if it
// is to download them.
type acquirer interface{ Published() []sources.Published }

// A modelSource opens a model that exists before the run, or makes one. Progress, in bytes, is of downloads.
type modelSource interface {
	Files() ([]string, error)
	Inspect() (model.Info, error)
	Open(ctx context.Context, seed uint64, progress func(done, total int64)) (*model.Model, error)
}

// A stage turns tables and models into tables and models. Outputs is called during the check, Run once a task.
type stage interface {
	Outputs(in stages.Types) (stages.Outputs, []schemas.Mistake)
	Run(ctx context.Context, job stages.Job) (*model.Model, error)
}

// A rowWise stage makes each output row from one input row of the table that RowWise names, so that it may run on one
// shard of that table at a time.
type rowWise interface{ RowWise() (key string) }

// A parted stage may be made in parts. Parts is nil if its keys do not allow that.
type parted interface{ Parts() *stages.Parts }

// A maker is a stage that says what it makes of each row of its input. A row-wise one need not, if it makes a row in each of
// its tables.
type maker interface{ Makes() stages.Makes }

// A sink drains tables into files. Files lists what it writes; they appear complete or not at all. The summary is
// shown to the person who ran the pipeline, and may be empty.
type sink interface {
	Accepts(tables map[string][]schemas.TableType) []schemas.Mistake
	Files() []string
	Write(ctx context.Context, job sinks.Job) (summary string, err error)
}

// A validator checks its own keys, one by one and together.
type validator interface{ Validate() []schemas.Mistake }

// A celled component names what it makes after its cell, unless its keys say otherwise.
type celled interface{ InCell(cell string) }

// A titled component names what it makes after the pipeline and its own step, unless its keys say otherwise.
type titled interface{ InPipeline(name, step string) }

// A placed component uses the folder of the pipeline file, besides the paths among its keys.
type placed interface{ InFolder(folder string) }

// A kind is one row of the table of everything that can stand in a pipeline file.
type kind struct {
	section string // sources, models, stages or sinks
	name    string
	version int     // raised when the same input gives other output than before, so that nothing old is taken for new
	depends depends // what else its result depends on
	make    func() any
}

// depends says what a step's result depends on besides its keys and inputs.
type depends int

const (
	onInputs depends = iota // nothing else
	onSeed                  // the pipeline's seed
	onNames                 // the names that the configuration gives its inputs, which it writes into its rows
	onSeedAndNames
)

func (d depends) onSeed() bool { return d == onSeed || d == onSeedAndNames }

func (d depends) onNames() bool { return d == onNames || d == onSeedAndNames }

// kinds are all kinds, in the order in which people are shown them.
var kinds = []kind{
	{"sources", "bitext", 2, onInputs, func() any { return sources.NewBitext() }},
	{"sources", "mtop", 1, onInputs, func() any { return sources.NewMTOP() }},
	{"sources", "wikiclir", 2, onInputs, func() any { return sources.NewWikiCLIR() }},
	{"sources", "mmarco", 2, onInputs, func() any { return sources.NewMMARCO() }},
	{"sources", "jsonl", 4, onInputs, func() any { return sources.NewJSONL() }},
	{"sources", "text", 1, onInputs, func() any { return sources.NewText() }},
	{"sources", "parquet", 4, onInputs, func() any { return sources.NewParquet() }},
	{"sources", "beir", 1, onInputs, func() any { return sources.NewBEIR() }},
	{"sources", "trec", 1, onInputs, func() any { return sources.NewTREC() }},
	{"models", "pretrained", 1, onInputs, func() any { return sources.NewPretrained() }},
	{"models", "random", 1, onSeed, func() any { return sources.NewRandom() }},
	{"stages", "split", 1, onInputs, func() any { return stages.NewSplit() }},
	{"stages", "clean", 2, onInputs, func() any { return stages.NewClean() }},
	{"stages", "deduplicate", 1, onInputs, func() any { return stages.NewDeduplicate() }},
	{"stages", "shuffle", 1, onSeed, func() any { return stages.NewShuffle() }},
	{"stages", "concatenate", 1, onInputs, func() any { return stages.NewConcatenate() }},
	{"stages", "mates", 1, onInputs, func() any { return stages.NewMates() }},
	{"stages", "translate", 1, onInputs, func() any { return stages.NewTranslate() }},
	{"stages", "chunk", 1, onInputs, func() any { return stages.NewChunk() }},
	{"stages", "audit", 1, onNames, func() any { return stages.NewAudit() }},
	{"stages", "extend", 2, onInputs, func() any { return stages.NewExtend() }},
	{"stages", "trim", 2, onInputs, func() any { return stages.NewTrim() }},
	{"stages", "lint", 2, onNames, func() any { return stages.NewLint() }},
	{"stages", "tokenize", 1, onInputs, func() any { return stages.NewTokenize() }},
	{"stages", "mlm", 2, onSeed, func() any { return stages.NewMLM() }},
	{"stages", "train", 4, onSeed, func() any { return stages.NewTrain() }},
	{"stages", "distill", 4, onSeed, func() any { return stages.NewDistill() }},
	{"stages", "adversarial", 2, onSeed, func() any { return stages.NewAdversarial() }},
	{"stages", "explain", 2, onInputs, func() any { return stages.NewExplain() }},
	{"stages", "embed", 5, onInputs, func() any { return stages.NewEmbed() }},
	{"stages", "search", 1, onInputs, func() any { return stages.NewSearch() }},
	{"stages", "codec", 2, onSeed, func() any { return stages.NewCodec() }},
	{"stages", "compress", 1, onInputs, func() any { return stages.NewCompress() }},
	{"stages", "search_compressed", 1, onInputs, func() any { return stages.NewSearchCompressed() }},
	{"stages", "mine", 3, onSeed, func() any { return stages.NewMine() }},
	{"stages", "bm25", 1, onInputs, func() any { return stages.NewBM25() }},
	{"stages", "align", 1, onInputs, func() any { return stages.NewAlign() }},
	{"stages", "rerank", 1, onInputs, func() any { return stages.NewRerank() }},
	{"stages", "fuse", 2, onInputs, func() any { return stages.NewFuse() }},
	{"stages", "evaluate", 3, onSeedAndNames, func() any { return stages.NewEvaluate() }},
	{"stages", "compare", 2, onSeed, func() any { return stages.NewCompare() }},
	{"sinks", "parquet", 3, onInputs, func() any { return sinks.NewParquet() }},
	{"sinks", "model", 2, onInputs, func() any { return sinks.NewModel() }},
	{"sinks", "report", 17, onNames, func() any { return sinks.NewReport() }},
}

// sections are the parts of a pipeline file that hold steps, in the order in which they are usually written.
var sections = []string{"sources", "models", "stages", "sinks"}

func kindOf(section, name string) (kind, bool) {
	for _, k := range kinds {
		if k.section == section && k.name == name {
			return k, true
		}
	}
	return kind{}, false
}

// kindNames are the names of a section's kinds.
func kindNames(section string) []string {
	var names []string
	for _, k := range kinds {
		if k.section == section {
			names = append(names, k.name)
		}
	}
	return names
}
