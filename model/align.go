package model

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/ot"
)

// An Alignment is the transport plan between the content tokens of two texts.
type Alignment struct {
	Source, Target []string  // pieces, as the tokenizers write them
	Costs, Plan    []float32 // (len(Source), len(Target)): cosine costs, and the mass moved, 1 in all
	Report         ot.Report
	Exact          float32 // value of the best plan without entropy
	Divergence     float64 // how far the texts are apart without the blur's bias: see ot.Divergence
	Settled        bool    // whether the problems of the divergence converged
}

// ErrNoContent says that a text has nothing to align.
var ErrNoContent = errors.New("the text has no content tokens")

// Align embeds source with the teacher and target with the student, and solves the transport problem between their
// content tokens, of uniform masses; the divergence is at the same epsilon, of all mass, whatever the solver. The mean of both sides is subtracted first, so that costs tell tokens apart. Texts
// longer than maxTokens are cut.
func Align(ctx context.Context, teacher, student *Model, source, target, prefix string, maxTokens int, solve ot.Solve, o ot.Options) (Alignment, error) {
	d := teacher.Config.Width()
	if student.Config.Width() != d {
		return Alignment{}, fmt.Errorf("the student's vectors have %d dimensions, the teacher's %d; they must be equal", student.Config.Width(), d)
	}
	sourceText, rows, err := teacher.contentTokens(source, prefix, maxTokens)
	if err != nil {
		return Alignment{}, fmt.Errorf("source: %w", err)
	}
	targetText, columns, err := student.contentTokens(target, prefix, maxTokens)
	if err != nil {
		return Alignment{}, fmt.Errorf("target: %w", err)
	}
	mean, other := Pool(rows, d, Mean), Pool(columns, d, Mean)
	for _, side := range [][]float32{rows, columns} {
		for i := range side {
			side[i] -= (mean[i%d] + other[i%d]) / 2
		}
		ot.Unit(side, make([]float32, len(side)/d), side, d)
	}
	shapes := []ot.Shape{{Rows: len(sourceText), Columns: len(targetText)}}
	a := Alignment{Source: sourceText, Target: targetText, Costs: make([]float32, len(sourceText)*len(targetText))}
	a.Plan = make([]float32, len(a.Costs))
	ot.CosineCosts(a.Costs, rows, columns, d, shapes)
	exact, err := ot.Exact(a.Costs, shapes, nil, nil, o, a.Plan)
	if err != nil {
		return a, err
	}
	reports, err := solve(a.Costs, shapes, nil, nil, o, a.Plan)
	if err != nil {
		return a, err
	}
	a.Exact, a.Report = exact[0].Value, reports[0]
	if err := a.diverge(rows, columns, d, o); err != nil {
		return a, err
	}
	return a, ctx.Err()
}

// Strongest returns the cells of the plan, those of most mass first.
func (a Alignment) Strongest() []int {
	cells := make([]int, len(a.Plan))
	for k := range cells {
		cells[k] = k
	}
	slices.SortStableFunc(cells, func(x, y int) int { return cmp.Compare(a.Plan[y], a.Plan[x]) })
	return cells
}

// divergenceIterations are enough for the smallest epsilon that is of use, and take milliseconds.
const divergenceIterations = 10000

// diverge computes the divergence of the tokens' unit vectors.
func (a *Alignment) diverge(rows, columns []float32, d int, o ot.Options) error {
	o = ot.Options{Epsilon: o.Epsilon, Relative: o.Relative, Iterations: divergenceIterations, Tolerance: o.Tolerance}
	value, reports, err := ot.Divergence(rows, columns, d, nil, nil, o, nil)
	a.Divergence, a.Settled = value, true
	for _, r := range reports {
		a.Settled = a.Settled && r.Converged
	}
	return err
}

// contentTokens returns the pieces of a text's content tokens, and their vectors.
func (m *Model) contentTokens(text, prefix string, maxTokens int) (pieces []string, vectors []float32, err error) {
	ids, _ := m.Tokenizer.EncodeTruncated(nil, prefix+text, maxTokens)
	b := encoder.Batch{IDs: ids, Offsets: []int32{0, int32(len(ids))}}
	if err := m.Encoder.Check(b); err != nil {
		return nil, nil, err
	}
	hidden, d := m.Encoder.Forward(encoder.NewWorkspace(), b), m.Config.Width()
	for _, t := range m.content(ids, m.PrefixTokens(prefix)) {
		pieces = append(pieces, m.Tokenizer.Piece(ids[t]))
		vectors = append(vectors, hidden[t*d:(t+1)*d]...)
	}
	if len(pieces) == 0 {
		return nil, nil, ErrNoContent
	}
	if errors.Is(Unusable(vectors, d), ErrNotFinite) {
		return nil, nil, ErrNotFinite
	}
	return pieces, vectors, nil
}

// content returns the places of tokens that are neither special nor of a prefix that is so many tokens long.
func (m *Model) content(ids []int32, prefix int) (places []int) {
	for t, id := range ids {
		switch {
		case m.Tokenizer.IsSpecial(id):
		case prefix > 0:
			prefix--
		default:
			places = append(places, t)
		}
	}
	return places
}
