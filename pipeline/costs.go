package pipeline

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// Costs are what scores took: of each evaluation, in CPU seconds, the steps that it alone needs and those that it shares with
// others.
type Costs struct {
	Measures []string
	Scored   []Scored
	Shared   []SharedStep
	Total    float64 // CPU seconds of all steps, each once
}

// Scored is one evaluation: its scores beside what they took.
type Scored struct {
	Step   string
	Means  map[string]float64 // by measure, over languages; empty if it is not made yet
	Own    float64            // CPU seconds of the steps that no other evaluation needs
	Shared float64            // CPU seconds of those that others need, too
}

// SharedStep is a step that several evaluations need.
type SharedStep struct {
	Step string
	CPU  float64 // seconds
	By   int     // evaluations
}

// Costs looks up what the steps of a checked pipeline took when they were made, whichever run that was.
func (p *Pipeline) Costs(ctx context.Context) (*Costs, error) {
	_, units, err := p.layOut(ctx)
	if err != nil {
		return nil, err
	}
	c := &Costs{}
	by := map[key]int{} // evaluations that need a result
	needs := map[*unit]map[key]*unit{}
	for _, u := range units {
		if t := u.tables["scores"]; u.step.Section == "stages" && t != nil && t.schema.HasField(schemas.Measure) {
			needs[u] = map[key]*unit{}
			u.upstream(needs[u])
			for k := range needs[u] {
				by[k]++
			}
		}
	}
	counted := map[key]bool{}
	for _, u := range units {
		if !counted[u.key] && by[u.key] > 0 {
			counted[u.key] = true
			c.Total += u.note.CPU
			if by[u.key] > 1 && u.step.Section != "models" {
				c.Shared = append(c.Shared, SharedStep{u.name(), u.note.CPU, by[u.key]})
			}
		}
		if needs[u] == nil {
			continue
		}
		one := Scored{Step: u.name()}
		for k, need := range needs[u] {
			if by[k] > 1 {
				one.Shared += need.note.CPU
			} else {
				one.Own += need.note.CPU
			}
		}
		if one.Means, err = c.means(ctx, u); err != nil {
			return nil, err
		}
		c.Scored = append(c.Scored, one)
	}
	return c, nil
}

// upstream adds the unit, and all that it depends on, to seen. What has one key is one result.
func (u *unit) upstream(seen map[key]*unit) {
	if seen[u.key] != nil {
		return
	}
	seen[u.key] = u
	for _, in := range u.inputs {
		in.unit.upstream(seen)
	}
}

// means are the scores of an evaluation that is made, by measure, as means over languages.
func (c *Costs) means(ctx context.Context, u *unit) (map[string]float64, error) {
	if !u.present {
		return map[string]float64{}, nil
	}
	scores, measures, err := languageScores(ctx, u.tables["scores"])
	means := map[string]float64{}
	for _, name := range measures {
		means[name] = mean(scores[name])
		if !slices.Contains(c.Measures, name) {
			c.Measures = append(c.Measures, name)
		}
	}
	return means, err
}

// languageScores are the scores of a table that is made, by measure and language; and the measures in order. A table without
// measures has none.
func languageScores(ctx context.Context, t *table) (scores map[string]map[string]float64, measures []string, err error) {
	scores = map[string]map[string]float64{}
	for batch, err := range t.whole("scores").Batches(ctx) {
		if err != nil || !batch.Schema().HasField(schemas.Measure) {
			return nil, nil, err
		}
		measure, query, language := textsOf(batch, schemas.Measure), textsOf(batch, schemas.QueryID), textsOf(batch, schemas.Language)
		value := batch.Column(batch.Schema().FieldIndices(schemas.Value)[0]).(*array.Float64)
		for i := range int(batch.NumRows()) {
			if !query.IsNull(i) {
				continue
			}
			name := strings.Clone(measure.Value(i))
			if scores[name] == nil {
				measures = append(measures, name)
				scores[name] = map[string]float64{}
			}
			scores[name][strings.Clone(language.Value(i))] = value.Value(i)
		}
	}
	return scores, measures, nil
}

// mean is that over languages.
func mean(scores map[string]float64) (sum float64) {
	for _, language := range slices.Sorted(maps.Keys(scores)) {
		sum += scores[language]
	}
	return sum / float64(len(scores))
}

// Write prints a table of the evaluations, and one of the steps that they share.
func (c *Costs) Write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%s\town CPU s\tshared CPU s\t  evaluation\n", strings.Join(append(slices.Clone(c.Measures), ""), "\t"))
	for _, s := range c.Scored {
		for _, m := range c.Measures {
			if mean, ok := s.Means[m]; ok {
				fmt.Fprintf(w, "%.2f", 100*mean)
			}
			fmt.Fprint(w, "\t")
		}
		note := ""
		if len(s.Means) == 0 {
			note = ", not made yet"
		}
		fmt.Fprintf(w, "\t%.1f\t%.1f\t  %s%s\n", s.Own, s.Shared, s.Step, note)
	}
	if len(c.Shared) > 0 {
		fmt.Fprintf(w, "\n\tCPU s\tby\t  shared step\n")
	}
	for _, s := range c.Shared {
		fmt.Fprintf(w, "\t%.1f\t%d\t  %s\n", s.CPU, s.By, s.Step)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%.1f CPU seconds in all\n", c.Total)
	return err
}
