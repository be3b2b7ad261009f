package sinks

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sinks/figure"
)

// Findings are tables of findings for people: those of one severity, rule and table together.
type Findings struct {
	Groups []*FindingGroup
}

// A FindingGroup is a number of findings of one severity, rule and table, with what they mean and what to do about them.
type FindingGroup struct {
	Severity string    `json:"severity"`
	Rule     string    `json:"rule"`
	Table    string    `json:"table"`
	Count    int64     `json:"count"` // rows
	Meaning  string    `json:"meaning"`
	Remedy   string    `json:"remedy"`
	Examples []Example `json:"examples"` // the first three
}

// An Example is one finding in words.
type Example struct {
	Language string `json:"language,omitempty"`
	ID       string `json:"id,omitempty"`
	Related  string `json:"related,omitempty"` // the other row: table, language, id
	Detail   string `json:"detail"`
}

const mostExamples = 3

// ReadFindings adds up tables of findings.
func ReadFindings(ctx context.Context, tables []schemas.Table) (*Findings, error) {
	f := &Findings{}
	for _, t := range tables {
		for batch, err := range t.Batches(ctx) {
			if err != nil {
				return nil, err
			}
			for i := range int(batch.NumRows()) {
				f.Add(schemas.FindingAt(batch, i))
			}
		}
	}
	return f, nil
}

// Add adds a finding. Groups stand in order of severity, then of the rules, then as they come.
func (f *Findings) Add(one schemas.Finding) {
	i := slices.IndexFunc(f.Groups, func(g *FindingGroup) bool {
		return g.Severity == one.Severity && g.Rule == one.Rule && g.Table == one.Table
	})
	if i < 0 {
		rule, _ := schemas.RuleNamed(one.Rule)
		f.Groups = append(f.Groups, &FindingGroup{Severity: one.Severity, Rule: one.Rule, Table: one.Table, Meaning: rule.Meaning, Remedy: rule.Remedy})
		slices.SortStableFunc(f.Groups, func(a, b *FindingGroup) int { return a.place() - b.place() })
		f.Add(one)
		return
	}
	g := f.Groups[i]
	g.Count += one.Count
	if len(g.Examples) < mostExamples {
		g.Examples = append(g.Examples, Example{one.Language, one.ID, related(one), one.Detail})
	}
}

// place is where a group stands.
func (g *FindingGroup) place() int {
	rules := schemas.Rules()
	rule := slices.IndexFunc(rules, func(r schemas.RuleText) bool { return r.Rule == g.Rule })
	return slices.Index(schemas.Severities, g.Severity)*len(rules) + rule
}

// related names the other row of a finding, where it has an id.
func related(f schemas.Finding) string {
	if f.RelatedID == "" {
		return ""
	}
	return strings.Join(strings.Fields(f.RelatedTable+" "+f.RelatedLanguage+" "+f.RelatedID), " ")
}

// String is the example as one line.
func (e Example) String() string {
	s := strings.Join(strings.Fields(e.Language+" "+e.ID), " ")
	if s != "" {
		s += ": "
	}
	s += e.Detail
	if e.Related != "" {
		s += " (" + e.Related + ")"
	}
	return s
}

// Count is the number of rows with findings of a severity.
func (f *Findings) Count(severity string) (n int64) {
	for _, g := range f.Groups {
		if g.Severity == severity {
			n += g.Count
		}
	}
	return n
}

// Text is all of it for a terminal; empty if there is nothing.
func (f *Findings) Text() string {
	var b strings.Builder
	for _, g := range f.Groups {
		fmt.Fprintf(&b, "%s %s: %s\n  %s\n  -> %s\n", g.Severity, g.Rule, rowsOf(g.Count, g.Table), g.Meaning, g.Remedy)
		for _, e := range g.Examples {
			fmt.Fprintf(&b, "     %s\n", e)
		}
		if more := g.Count - int64(len(g.Examples)); more > 0 && g.Examples[0].ID != "" {
			fmt.Fprintf(&b, "     and %d more\n", more)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func rowsOf(n int64, table string) string {
	if n == 1 {
		return "1 row of " + table
	}
	return fmt.Sprintf("%d rows of %s", n, table)
}

// Totals says how many findings there are of each severity.
func (f *Findings) Totals() string {
	var parts []string
	for _, severity := range schemas.Severities {
		parts = append(parts, fmt.Sprintf("%s %d", severity, f.Count(severity)))
	}
	return "findings: " + strings.Join(parts, ", ")
}

// WriteJSON writes a line a group.
func (f *Findings) WriteJSON(w io.Writer) error {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for _, g := range f.Groups {
		if err := lines.Encode(g); err != nil {
			return err
		}
	}
	return nil
}

// markdown is all of it in Markdown.
func (f *Findings) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Findings\n\n%s\n", f.Totals())
	for _, g := range f.Groups {
		fmt.Fprintf(&b, "\n## %s: %s, %s\n\n%s. What to do: %s.\n\n", g.Severity, g.Rule, rowsOf(g.Count, "`"+g.Table+"`"), g.Meaning, g.Remedy)
		for _, e := range g.Examples {
			fmt.Fprintf(&b, "- `%s`\n", lineBreaks.Replace(strings.ReplaceAll(e.String(), "`", "'")))
		}
	}
	return b.String()
}

// section is all of it for a page.
func (f *Findings) section() figure.Section {
	s := figure.Section{ID: "findings", Title: "Findings of lint", Parts: []figure.Part{{Text: []string{f.Totals()}}}}
	for _, g := range f.Groups {
		part := figure.Part{Title: fmt.Sprintf("%s: %s, %s", g.Severity, g.Rule, rowsOf(g.Count, g.Table)), Text: []string{g.Meaning + ". What to do: " + g.Remedy + "."}}
		var examples []string
		for _, e := range g.Examples {
			examples = append(examples, e.String())
		}
		part.HTML = append(part.HTML, figure.List(examples))
		s.Parts = append(s.Parts, part)
	}
	return s
}
