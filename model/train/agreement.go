package train

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/ferry-clir/ferry/model/kernel"
)

// What is said of languages.
const (
	block  = 256 // comparisons of a language that are judged together: a share of theirs is off by 0.1 once in a thousand times
	few    = 64  // that are judged at the end, if there are no more
	able   = 0.9 // share that is nearer where a model knows what it does
	chance = 0.6 // share below which nothing but chance is seen
)

// An agreement counts, by language, how often the student places the target of a pair nearer to the teacher's vector of
// its source than the target of another pair of that language and batch: half of the time where the bitext is shuffled.
// No loss tells, since all of them fall for shuffled pairs too. Languages are judged beside each other and the source
// texts, at the start, where a pretrained student knows them, and at the end, where any should.
type agreement struct {
	Tallies map[string]*tally
}

// A tally is the agreement of one language, or of the source texts, which the student has to place where the teacher does.
type tally struct {
	Compared, Nearer int     // in the block that is being filled
	Blocks           int     // that are full
	Last             float64 // share of the last full block that was nearer
	Told             bool
}

// sourceTexts is the tally of the source texts.
const sourceTexts = ""

// check compares the texts of a batch and adds warnings to its record. languages are those of all samples.
func (a *agreement) check(r *Record, b *batch, languages []string) {
	if len(languages) == 0 || len(b.teacher) != b.n*b.d {
		return
	}
	if a.Tallies == nil {
		a.Tallies = map[string]*tally{}
	}
	places := b.places(languages)
	for _, language := range slices.Sorted(maps.Keys(places)) {
		t := a.Tallies[language]
		if t == nil {
			t = &tally{}
			a.Tallies[language] = t
		}
		at, side, before := places[language], b.sides-1, t.Blocks
		if language == sourceTexts {
			side = 0
		}
		for i := range at {
			if len(at) > 1 {
				t.count(b.nearer(side, at[i], at[(i+1)%len(at)]))
			}
		}
		if before == 0 && t.Blocks > 0 {
			a.judge(r, language)
		}
	}
	if r.Step == r.Steps {
		for _, language := range slices.Sorted(maps.Keys(a.Tallies)) {
			a.judge(r, language)
		}
	}
}

// places tells where in the batch the texts of each language are, and those of the source if the student has them.
func (b *batch) places(languages []string) map[string][]int {
	places := map[string][]int{}
	for _, m := range b.parts {
		for k, sample := range m.samples {
			places[languages[sample]] = append(places[languages[sample]], m.first+k)
			if b.sides > 1 {
				places[sourceTexts] = append(places[sourceTexts], m.first+k)
			}
		}
	}
	return places
}

// nearer tells whether the student's text of a side at one place is nearer to the teacher's vector there than that at
// another place.
func (b *batch) nearer(side, place, other int) bool {
	teacher := b.teacher[place*b.d : (place+1)*b.d]
	cosine := func(at int) float64 {
		x := b.vectors[(side*b.n+at)*b.d : (side*b.n+at+1)*b.d]
		return float64(kernel.Dot(teacher, x)) / math.Sqrt(max(1e-24, kernel.SumSquares(x)))
	}
	return cosine(place) > cosine(other)
}

func (t *tally) count(nearer bool) {
	t.Compared++
	if nearer {
		t.Nearer++
	}
	if t.Compared == block {
		t.Last, t.Blocks = float64(t.Nearer)/block, t.Blocks+1
		t.Compared, t.Nearer = 0, 0
	}
}

// share is that of the last full block, or of what there is, and how many comparisons that is of.
func (t *tally) share() (share float64, of int) {
	if t.Blocks > 0 {
		return t.Last, block
	}
	return float64(t.Nearer) / float64(max(1, t.Compared)), t.Compared
}

// judge warns once of a language that is at chance where the best is not.
func (a *agreement) judge(r *Record, language string) {
	t := a.Tallies[language]
	share, of := t.share()
	if t.Told || share > chance || of < few || language == sourceTexts {
		return
	}
	best, most := "", 0.0
	for _, other := range slices.Sorted(maps.Keys(a.Tallies)) {
		if share, of := a.Tallies[other].share(); of >= few && share > most {
			best, most = other, share
		}
	}
	if most < able {
		return
	}
	if best == sourceTexts {
		best = "the source texts themselves"
	}
	t.Told = true
	r.Warnings = append(r.Warnings, fmt.Sprintf("the pairs in %s are no more alike than pairs at random at step %d: %.0f %% of %d are nearer to the teacher's vector of their own "+
		"source text than another pair's target is, while of %s %.0f %% are. Is their bitext shifted or shuffled, in another language than its name says, "+
		"or one that the student does not know yet?", language, r.Step, 100*share, of, best, 100*most))
}
