package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A RunDiff is what is other in a run than in one before.
type RunDiff struct {
	From, To *Record
	Steps    []StepDiff // by name
	Same     int        // steps that are the same in both
	Scores   []ScoreDiff
}

// A StepDiff is a step that is other in the second run, or in one of them only.
type StepDiff struct {
	Step    string
	Changes []string
	Made    bool // in the second run, rather than found in the cache
}

// A ScoreDiff is a score of a step in both runs, a mean over the languages of both; nil where it is not known.
type ScoreDiff struct {
	Step, Measure string
	From, To      *float64
	Only          [2][]string // languages that are in one run alone, and in neither mean
}

// Diff compares two runs that are remembered, named by the beginnings of their IDs. The pipeline need not have been checked.
func (p *Pipeline) Diff(ctx context.Context, from, to string) (*RunDiff, error) {
	d := &RunDiff{}
	was, err := p.stepsOf(from, &d.From)
	if err != nil {
		return nil, err
	}
	is, err := p.stepsOf(to, &d.To)
	if err != nil {
		return nil, err
	}
	names := maps.Clone(was)
	maps.Copy(names, is)
	steps := map[key]string{}
	for name, s := range is {
		steps[s.Result] = name
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		old, before := was[name]
		now, after := is[name]
		if before && after && old.Result == now.Result {
			d.Same++
		} else {
			d.Steps = append(d.Steps, stepDiff(name, old, now, before, after, steps))
		}
		if err := d.addScores(ctx, openStore(p.Work, memory.DefaultAllocator), name, old.Result, now.Result); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(d.Steps, func(a, b StepDiff) int { // sinks last
		return cmp.Compare(strings.Count(a.Step, "sinks."), strings.Count(b.Step, "sinks."))
	})
	return d, nil
}

// stepsOf finds a run and its steps.
func (p *Pipeline) stepsOf(id string, found **Record) (map[string]madeStep, error) {
	records, err := p.Runs()
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if !strings.HasPrefix(r.ID(), id) {
			continue
		}
		if *found != nil {
			return nil, fmt.Errorf("the IDs of several runs begin with %q, such as %s and %s", id, (*found).ID(), r.ID())
		}
		*found = r
	}
	if *found == nil {
		return nil, fmt.Errorf("no run that is remembered has an ID that begins with %q; `ferry runs` lists them", id)
	}
	steps, err := (*found).steps()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("nothing is known of the steps of run %s: it ended before they were laid out, or an older ferry ran it", (*found).ID())
	}
	return steps, err
}

// stepDiff says how a step is other; steps names those of the second run by their results.
func stepDiff(name string, old, now madeStep, before, after bool, steps map[key]string) StepDiff {
	d := StepDiff{Step: name, Made: now.Made}
	switch {
	case !before:
		d.Changes = []string{"is new"}
	case !after:
		d.Changes = []string{"is gone"}
	default:
		d.Changes = old.changes(now.identity, func(i int) string { return steps[now.Inputs[i].From] })
	}
	return d
}

// addScores adds those of a step, if it evaluates.
func (d *RunDiff) addScores(ctx context.Context, s store, step string, from, to key) error {
	before, measures, err := s.scores(ctx, from)
	if err != nil {
		return err
	}
	after, more, err := s.scores(ctx, to)
	if err != nil {
		return err
	}
	for _, measure := range more {
		if !slices.Contains(measures, measure) {
			measures = append(measures, measure)
		}
	}
	for _, measure := range measures {
		d.Scores = append(d.Scores, scoreDiff(step, measure, before[measure], after[measure]))
	}
	return nil
}

// scoreDiff compares the scores of two runs, by language. Where one has none, the other's mean is over all of its languages.
func scoreDiff(step, measure string, before, after map[string]float64) ScoreDiff {
	d := ScoreDiff{Step: step, Measure: measure}
	if len(before) > 0 && len(after) > 0 {
		before, d.Only[0] = shared(before, after)
		after, d.Only[1] = shared(after, before)
	}
	if len(before) > 0 {
		m := mean(before)
		d.From = &m
	}
	if len(after) > 0 {
		m := mean(after)
		d.To = &m
	}
	return d
}

// shared are the scores in languages that others has, too, and the languages that it has not.
func shared(scores, others map[string]float64) (both map[string]float64, only []string) {
	both = map[string]float64{}
	for _, language := range slices.Sorted(maps.Keys(scores)) {
		if _, ok := others[language]; ok {
			both[language] = scores[language]
		} else {
			only = append(only, language)
		}
	}
	return both, only
}

// scores are those of an evaluation that is kept under a key, by measure and language; none if there is none.
func (s store) scores(ctx context.Context, k key) (scores map[string]map[string]float64, measures []string, err error) {
	if k == "" {
		return nil, nil, nil
	}
	n, ok, err := s.read(k, done)
	if err != nil || !ok || len(n.Shards["scores"]) == 0 || !s.complete(k, n, false) {
		return nil, nil, err
	}
	t := newTable("scores", nil, s, func(number int) string { return s.shard(k, "scores", number) })
	for _, part := range n.Shards["scores"] {
		t.publish(part)
	}
	t.end(len(n.Shards["scores"]))
	return languageScores(ctx, t)
}

// Write writes the steps that are other, with what changed, and then how scores moved, in percent.
func (d *RunDiff) Write(w io.Writer) error {
	fmt.Fprintf(w, "%s (%s) -> %s (%s)\n", d.From.ID(), d.From.Outcome, d.To.ID(), d.To.Outcome)
	for _, s := range d.Steps {
		made := ""
		if s.Made {
			made = "; made again"
		}
		fmt.Fprintf(w, "%s: %s%s\n", s.Step, strings.Join(s.Changes, "; "), made)
	}
	fmt.Fprintf(w, "%d steps are the same\n", d.Same)
	if len(d.Scores) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "\nbefore\tafter\tchange\t  measure\n")
	for _, s := range d.Scores {
		percent := func(value *float64) string {
			if value == nil {
				return "unknown"
			}
			return fmt.Sprintf("%.2f", 100**value)
		}
		change := ""
		if s.From != nil && s.To != nil {
			change = fmt.Sprintf("%+.2f", 100*(*s.To-*s.From))
		}
		note := ""
		for i, only := range []string{"before", "after"} {
			if len(s.Only[i]) > 0 {
				note += fmt.Sprintf(", without %s (%s only)", strings.Join(s.Only[i], " "), only)
			}
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t  %s of %s%s\n", percent(s.From), percent(s.To), change, s.Measure, s.Step, note)
	}
	return table.Flush()
}
