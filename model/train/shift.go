package train

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/ferry-clir/ferry/model/encoder"
)

// How shifted pairs are looked for.
const (
	window   = 16  // pairs in a row whose texts are compared with each other
	apart    = 128 // pairs from the end of one window to that of the next
	places   = 8   // windows of a language at most, which are farther apart then
	farthest = 4   // pairs that targets are looked for before and after their own
	least    = 8   // sources of a window that are nearest to targets at one distance, as are by chance once in 500,000 windows
)

// A Shift is where the targets of a language cease to stand beside their source texts, as they do after a line that one of two
// files lacks.
type Shift struct {
	Language      string
	Pair          int // where it begins, give or take a few
	Offset        int // pairs from a source text on to the pair that has its target: -1 is the one before
	Found, Places int // windows in which targets are shifted, of those that were looked at
}

// Shifts looks for the first shift of each language with the untrained student, which has to know the language. It runs over
// windows of pairs in the order in which they come, at the cost of a few hundredths of an epoch. Each source text should be
// nearest to its own target there; those of a language that the student does not know are nearest to any, and those of shifted
// pairs to targets at the same distance.
func Shifts(ctx context.Context, student *encoder.Encoder, d Distill, workers int) ([]Shift, error) {
	if len(d.Languages) != d.StudentSource.Sequences() {
		return nil, nil
	}
	samples := map[string][]int{}
	for i, language := range d.Languages {
		samples[language] = append(samples[language], i)
	}
	var shifts []Shift
	for _, language := range slices.Sorted(maps.Keys(samples)) {
		s, err := inOrder{student, d, samples[language], workers}.shift(ctx)
		if err != nil {
			return nil, fmt.Errorf("looking for shifted pairs in %s: %w", language, err)
		}
		if s.Found > 0 {
			s.Language = language
			shifts = append(shifts, s)
		}
	}
	return shifts, nil
}

// inOrder are the pairs of one language.
type inOrder struct {
	student *encoder.Encoder
	of      Distill
	samples []int
	workers int
}

// shift finds the first shift.
func (p inOrder) shift(ctx context.Context) (s Shift, err error) {
	n := len(p.samples)
	starts := make([]int, max(1, min(places, n/apart)))
	for i := range starts { // the last pairs are among them, which are shifted wherever a line was lost
		starts[i] = max(0, (i+1)*n/len(starts)-window)
	}
	offsets, err := p.nearest(ctx, starts...)
	if err != nil {
		return s, err
	}
	s.Places = len(starts)
	before, first := 0, 0
	for i, start := range starts {
		if offset := common(offsets[i]); offset == 0 && s.Found == 0 {
			before = start
		} else if offset != 0 {
			if s.Found++; s.Found == 1 {
				first, s.Offset = start, offset
			}
		}
	}
	if s.Found == 0 {
		return s, nil
	}
	return s, p.narrow(ctx, &s, before, first)
}

// narrow finds where a shift begins, of which nothing is known before one window and which is seen in another one.
func (p inOrder) narrow(ctx context.Context, s *Shift, before, seen int) error {
	for seen-before > window/2 {
		middle := (before + seen) / 2
		offsets, err := p.nearest(ctx, middle)
		if err != nil {
			return err
		}
		if offset := common(offsets[0]); offset != 0 {
			seen, s.Offset = middle, offset
		} else {
			before = middle
		}
	}
	offsets, err := p.nearest(ctx, before)
	if err != nil {
		return err
	}
	s.Pair = p.samples[before+begins(offsets[0], s.Offset)]
	return nil
}

// nearest tells for the sources of windows how many pairs on the nearest target of the window is. The mean of a side is
// taken off its vectors, which have in common what tells its language.
func (p inOrder) nearest(ctx context.Context, starts ...int) ([][]int, error) {
	var samples []int
	size := min(window, len(p.samples))
	for _, start := range starts {
		samples = append(samples, p.samples[start:start+size]...)
	}
	var vectors [2]*mat.Dense
	for side, texts := range []Ragged{p.of.StudentSource, p.of.StudentTarget} {
		var err error
		if vectors[side], err = sentenceVectors(ctx, p.student, texts, samples, p.workers); err != nil {
			return nil, err
		}
	}
	_, d := vectors[0].Dims()
	all := make([][]int, len(starts))
	for i := range all {
		sources, targets := vectors[0].Slice(i*size, (i+1)*size, 0, d).(*mat.Dense), vectors[1].Slice(i*size, (i+1)*size, 0, d).(*mat.Dense)
		centreRows(sources)
		centreRows(targets)
		for k := range size {
			target := targets.RowView(k).(*mat.VecDense)
			target.ScaleVec(1/max(1e-12, mat.Norm(target, 2)), target)
		}
		var alike mat.Dense
		alike.Mul(sources, targets.T())
		for k := range size {
			row := alike.RawRowView(k)
			all[i] = append(all[i], slices.Index(row, slices.Max(row))-k)
		}
	}
	return all, nil
}

// common is the offset that is plainly more frequent than 0, or 0.
func common(offsets []int) int {
	counts := map[int]int{}
	for _, offset := range offsets {
		counts[offset]++
	}
	for offset := -farthest; offset <= farthest; offset++ {
		if n := counts[offset]; offset != 0 && n >= least && n >= 3*counts[0] {
			return offset
		}
	}
	return 0
}

// begins is the place that best parts sources nearest to their own targets from those nearest to the ones at an offset.
func begins(offsets []int, offset int) (place int) {
	right, most := 0, 0
	for i, o := range offsets {
		switch o {
		case 0:
			right++
		case offset:
			right--
		}
		if right > most {
			place, most = i+1, right
		}
	}
	return place
}
