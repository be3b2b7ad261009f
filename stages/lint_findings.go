package stages

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// findings is the table of findings while it is being made. It holds a batch and counts.
type findings struct {
	out    schemas.Output
	b      *array.RecordBuilder
	rows   int
	ignore []string
	counts map[[2]string]int64 // by severity and rule
}

func newFindings(out schemas.Output, ignore []string) *findings {
	return &findings{out: out, b: array.NewRecordBuilder(out.Allocator, schemas.Findings()), ignore: ignore, counts: map[[2]string]int64{}}
}

func (f *findings) release() { f.b.Release() }

// add adds a finding of one row.
func (f *findings) add(one schemas.Finding) error {
	if slices.Contains(f.ignore, one.Rule) {
		return nil
	}
	one.Count = max(1, one.Count)
	f.counts[[2]string{one.Severity, one.Rule}] += one.Count
	one.Append(f.b)
	if f.rows++; f.rows < 1024 {
		return nil
	}
	return f.flush()
}

func (f *findings) flush() error {
	batch := f.b.NewRecordBatch()
	defer batch.Release()
	f.rows = 0
	if batch.NumRows() == 0 {
		return nil
	}
	return f.out.Emit(batch)
}

// atLeast counts the findings of a severity and those above it.
func (f *findings) atLeast(severity string) (n int64) {
	for key, count := range f.counts {
		if slices.Index(schemas.Severities, key[0]) <= slices.Index(schemas.Severities, severity) {
			n += count
		}
	}
	return n
}

// refusal says why the run must not go on: a line a rule, the worst first.
func (f *findings) refusal(failOn string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "lint has findings, and fail_on is %s:", failOn)
	for _, severity := range schemas.Severities[:slices.Index(schemas.Severities, failOn)+1] {
		for _, rule := range schemas.Rules() {
			if n := f.counts[[2]string{severity, rule.Rule}]; n > 0 {
				fmt.Fprintf(&b, "\n  %s %s, %d: %s", severity, rule.Rule, n, rule.Meaning)
			}
		}
	}
	return b.String()
}
