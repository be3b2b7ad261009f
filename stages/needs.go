package stages

import (
	"github.com/ferry-clir/ferry/model"
)

// Sizes are what is known of a stage's inputs before it runs, by the key that names them; what is not known is 0.
type Sizes struct {
	Types
	Rows  map[string]int64
	Bytes map[string]int64 // of the rows as they lie in the cache
}

// A Need is memory that a stage is going to hold for as long as it runs, and what makes it less. It is a lower bound: what it
// names is held in any case, and something beside it.
type Need struct {
	Bytes  int64
	What   string // is held
	Remedy string
}

// hitBytes is a hit that is kept for a query: a score and a document, with a short id.
const hitBytes = 40

// Needs is for the queries' vectors and hits.
func (s *Search) Needs(in Sizes) Need {
	queries, hits := in.Rows["queries"], min(int64(s.Top), in.Rows["documents"])
	return Need{queries * (4*int64(dimensions(in.Schema("queries"))) + hits*hitBytes), "vectors and hits of the queries",
		"lower top, or search for fewer queries at a time, by query_languages or several steps"}
}

// Needs is for the queries' candidates.
func (s *SearchCompressed) Needs(in Sizes) Need {
	return Need{in.Rows["queries"] * min(int64(s.Candidates), in.Rows["documents"]) * hitBytes, "candidates of the queries",
		"lower candidates, or search for fewer queries at a time, by query_languages or several steps"}
}

// Needs is for the rows that are sorted at a time.
func (s *Shuffle) Needs(in Sizes) Need {
	return Need{min(int64(s.Memory)<<20, in.Bytes["from"]), "rows that are sorted at a time", "lower the step's own memory, in MB"}
}

// Needs is for the rows that are remembered.
func (d *Deduplicate) Needs(in Sizes) Need {
	each := int64(60)
	if d.Near > 0 {
		each = 1 << 10
	}
	return Need{min(int64(d.Window), in.Rows["from"]) * each, "rows that are remembered", "lower window, or leave out near"}
}

// need is what trained weights take: copies of them, their gradients, and two moments each of the optimiser. The word embeddings
// have these for words that occur alone. Adapters are small.
func (t *Training) need(info model.Info) Need {
	if t.Adapter.Adapter != noAdapter {
		return Need{}
	}
	c := info.Config
	layers := int64(max(0, c.Layers-t.FreezeLayers)) * int64(4*c.Hidden*c.Hidden+2*c.Hidden*c.FFN)
	bytes := layers * 16
	if !t.FreezeEmbeddings {
		bytes += int64(c.Vocabulary) * int64(c.Hidden) * 4
	}
	return Need{bytes, "weights that are trained, their gradients and the optimiser's moments",
		"set freeze_embeddings or freeze_layers, or train an adapter"}
}

// Needs is for the student.
func (d *Distill) Needs(in Sizes) Need { return d.need(in.Models["student"]) }

// Needs is for the model.
func (m *MLM) Needs(in Sizes) Need { return m.need(in.Models["model"]) }

// Needs is for the model.
func (a *Adversarial) Needs(in Sizes) Need { return a.need(in.Models["model"]) }

// Needs is for the model.
func (t *Train) Needs(in Sizes) Need { return t.need(in.Models["model"]) }
