package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks"
	"github.com/ferry-clir/ferry/stages"
)

// A trainer is a stage that says which of its keys name the tables that its model learns from.
type trainer interface{ TrainsOn() []string }

// A tolerant stage names the rules of lint whose findings its keys take care of.
type tolerant interface{ Tolerates() []string }

// A knower is a source that knows what is wrong with the files that are published.
type knower interface {
	Traps(table string, read int64, rejected map[string]int64) []schemas.Finding
}

// LintRules are all rules of lint, in the order in which people are shown them.
func LintRules() []schemas.RuleText { return schemas.Rules() }

// Linted is what was looked at, and what was found.
type Linted struct {
	*sinks.Findings
	Looked []string // what was looked at, a line each
	ignore []string // rules
	budget Budget   // of rows that cannot be used
}

// add adds a finding unless its rule is to be ignored.
func (l *Linted) add(one schemas.Finding) {
	if !slices.Contains(l.ignore, one.Rule) {
		l.Add(one)
	}
}

// Table is what was looked at and found, for people.
func (l *Linted) Table() string {
	return l.Text() + "looked at " + strings.Join(l.Looked, "\nlooked at ") + "\n" + l.Totals() + "\n"
}

// Fails tells whether there are findings of a severity, or worse ones; not if it is never.
func (l *Linted) Fails(severity string) bool {
	at := slices.Index(schemas.Severities, severity)
	return slices.ContainsFunc(l.Groups, func(g *sinks.FindingGroup) bool { return slices.Index(schemas.Severities, g.Severity) <= at })
}

// LintKeys are keys of the stage lint, for all that Lint looks at.
type LintKeys struct {
	Near   float64
	Window int
	Ignore []string
}

// stage is a stage lint with these keys, which never fails.
func (k LintKeys) stage() *stages.Lint {
	c := stages.NewLint()
	c.Near, c.Window, c.Ignore, c.FailOn = k.Near, k.Window, k.Ignore, "never"
	return c
}

// Validate returns the first thing that is wrong with the keys.
func (k LintKeys) Validate() error {
	for _, mistake := range k.stage().Validate() {
		if mistake.Key != "" { // without one, it is that there are no tables as yet
			return mistake
		}
	}
	return nil
}

// Lint finds what is wrong with the data of a checked pipeline, as the stage lint does: what its training stages learn from
// against what it evaluates. It reads the sources and makes the tables that this takes, and no more. The keys are valid.
func (p *Pipeline) Lint(ctx context.Context, o Options, keys LintKeys) (*Linted, error) {
	linted := &Linted{Findings: &sinks.Findings{}, ignore: keys.Ignore, budget: p.MaxBadRows}
	q := *p
	q.Steps, q.MaxBadRows = nil, Budget{Share: 1} // bad rows are findings
	var steps []*Step
	needed := map[*Step]bool{}
	for _, e := range p.evaluations() {
		s, err := e.step(p, len(steps), keys)
		if err != nil {
			return nil, err
		}
		steps = append(steps, s)
		s.upstream(needed)
		linted.Looked = append(linted.Looked, e.String())
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("there is nothing to lint: no stage trains, searches or evaluates")
	}
	for _, s := range p.Steps {
		if needed[s] {
			q.Steps = append(q.Steps, s)
		}
	}
	q.Steps = append(q.Steps, steps...)
	return linted, q.execute(ctx, o, func(r *Run) error { return linted.collect(ctx, r) })
}

// upstream adds the step, and all that it depends on, to seen.
func (s *Step) upstream(seen map[*Step]bool) {
	if seen[s] {
		return
	}
	seen[s] = true
	for _, e := range s.edges {
		e.step.upstream(seen)
	}
}
