package sinks

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// level is that below which a corrected p value counts as significant.
const level = 0.05

// comparisons are tables of comparisons for people: a board for each measure, scoring and baseline.
type comparisons []*comparedBoard

// A comparedBoard is the variants beside one baseline.
type comparedBoard struct {
	title, baseline      string // the baseline may be empty
	pooled               bool   // it is of the share of a language of the documents
	variants             []string
	languages            []string
	lowResource          []string
	source               string // the language in which forgetting is looked for; empty if it is not there
	family               int32  // number of tests
	rows                 map[comparedID]compared
	most, disagree, sure int // seeds of a variant; tests on which the t-test differs; significant ones
}

// comparedID is a row: its language, or its group with an empty language.
type comparedID struct{ variant, group, language string }

// compared is what a row says. Gains and the p value are nil where there are none.
type compared struct {
	seeds                   int32
	value, low, high        float64
	spread                  *float64
	gain, gainLow, gainHigh *float64
	p, pTTest               *float64 // corrected
	effect                  *float64
	outcomes                [3]int32 // queries that got better, stayed, and got worse
	forgotten               bool
}

func readComparisons(ctx context.Context, tables []schemas.Table) (comparisons, error) {
	var boards comparisons
	err := eachBatch(ctx, tables, func(batch arrow.RecordBatch) {
		for i := range int(batch.NumRows()) {
			boards.add(comparedRow{batch, i})
		}
	})
	boards.sort()
	return boards, err
}

// comparedRow is row i of a batch.
type comparedRow struct {
	batch arrow.RecordBatch
	i     int
}

func (r comparedRow) column(name string) arrow.Array {
	return column[arrow.Array](r.batch, name)
}

// text is empty for null.
func (r comparedRow) text(name string) string {
	return strings.Clone(r.column(name).(*array.String).Value(r.i))
}

func (r comparedRow) number(name string) *float64 {
	c := r.column(name).(*array.Float64)
	if c.IsNull(r.i) {
		return nil
	}
	value := c.Value(r.i)
	return &value
}

func (c *comparisons) add(r comparedRow) {
	title, baseline := titled(r.text(schemas.Measure), r.text(schemas.Scoring)), r.text(schemas.Baseline)
	i := slices.IndexFunc(*c, func(b *comparedBoard) bool { return b.title == title && b.baseline == baseline })
	if i < 0 {
		i = len(*c)
		*c = append(*c, &comparedBoard{title: title, baseline: baseline, pooled: isPooled(r.text(schemas.Measure)), rows: map[comparedID]compared{}})
	}
	(*c)[i].add(r)
}

func (b *comparedBoard) add(r comparedRow) {
	id := comparedID{r.text(schemas.Variant), r.text(schemas.Group), r.text(schemas.Language)}
	row := compared{seeds: r.column(schemas.Seeds).(*array.Int32).Value(r.i),
		value: *r.number(schemas.Value), low: *r.number(schemas.Low), high: *r.number(schemas.High), spread: r.number(schemas.Spread),
		gain: r.number(schemas.Gain), gainLow: r.number(schemas.GainLow), gainHigh: r.number(schemas.GainHigh),
		p: r.number(schemas.PPermutationHolm), pTTest: r.number(schemas.PTTestHolm), effect: r.number(schemas.Effect)}
	for i, name := range []string{schemas.Wins, schemas.Ties, schemas.Losses} {
		row.outcomes[i] = r.column(name).(*array.Int32).Value(r.i)
	}
	if forgotten := r.column(schemas.Forgotten).(*array.Boolean); forgotten.IsValid(r.i) {
		row.forgotten, b.source = forgotten.Value(r.i), id.language
	}
	if !slices.Contains(b.variants, id.variant) {
		b.variants = append(b.variants, id.variant)
	}
	if id.language != "" {
		if !slices.Contains(b.languages, id.language) {
			b.languages = append(b.languages, id.language)
			if id.group == schemas.GroupLowResource {
				b.lowResource = append(b.lowResource, id.language)
			}
		}
		id.group = ""
	}
	if row.p != nil {
		if (*row.p < level) != (*row.pTTest < level) {
			b.disagree++
		}
		if *row.p < level {
			b.sure++
		}
	}
	b.family = max(b.family, r.column(schemas.Family).(*array.Int32).Value(r.i))
	b.most = max(b.most, int(row.seeds))
	b.rows[id] = row
}

// value is a variant's in a language; false if there is none.
func (b *comparedBoard) value(variant, language string) (float64, bool) {
	row, ok := b.rows[comparedID{variant, "", language}]
	return row.value, ok
}

// of is a variant's row of a group; false if there is none.
func (b *comparedBoard) of(variant, group string) (compared, bool) {
	row, ok := b.rows[comparedID{variant, group, ""}]
	return row, ok
}

// lowResource are the low-resource languages; none if nothing is compared.
func (c comparisons) lowResource() []string {
	if len(c) == 0 {
		return nil
	}
	return c[0].lowResource
}

// sort puts boards of one baseline together, and the variants of all boards in the order of the first: its baseline, then those of
// the highest mean.
func (c comparisons) sort() {
	var baselines []string
	for _, b := range c {
		if !slices.Contains(baselines, b.baseline) {
			baselines = append(baselines, b.baseline)
		}
	}
	slices.SortStableFunc(c, func(x, y *comparedBoard) int {
		return slices.Index(baselines, x.baseline) - slices.Index(baselines, y.baseline)
	})
	for _, b := range c {
		first := c[0]
		slices.SortStableFunc(b.variants, func(x, y string) int {
			if first.baseline != "" && (x == first.baseline) != (y == first.baseline) {
				if x == first.baseline {
					return -1
				}
				return 1
			}
			of, ok := first.of(x, schemas.GroupAll)
			other, too := first.of(y, schemas.GroupAll)
			if !ok || !too {
				return 0
			}
			return cmp.Compare(other.value, of.value)
		})
	}
}
