package stages

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/measure"
)

// A comparison is a row of the table.
type comparison struct {
	variant, baseline, scoring, measure string
	scope                               scope
	seeds, queries, family              int
	value, low, high                    float64
	spread, gain, gainLow, gainHigh     *float64
	permutation, permutationHolm        *float64
	tTest, tTestHolm                    *float64
	forgotten                           *bool
	effect                              *float64
	outcomes                            *[3]int // wins, ties and losses
}

// size fills in how large paired differences are, query by query.
func (r *comparison) size(differences []float64) {
	if effect := measure.Effect(differences); !math.IsNaN(effect) {
		r.effect = &effect
	}
	var outcomes [3]int
	outcomes[0], outcomes[1], outcomes[2] = measure.Outcomes(differences)
	r.outcomes = &outcomes
}

func (r *comparison) append(b *array.RecordBuilder) {
	for i, text := range []string{r.variant, r.baseline, r.scoring, r.measure, r.scope.group, r.scope.language} {
		appendTextOrNull(b.Field(i), text)
	}
	b.Field(6).(*array.Int32Builder).Append(int32(r.seeds))
	b.Field(7).(*array.Int32Builder).Append(int32(r.queries))
	for i, x := range []*float64{&r.value, &r.low, &r.high, r.spread, r.gain, r.gainLow, r.gainHigh, r.permutation, r.permutationHolm, r.tTest, r.tTestHolm} {
		appendNumberOrNull(b.Field(8+i), x)
	}
	b.Field(19).(*array.Int32Builder).Append(int32(r.family))
	if r.forgotten == nil {
		b.Field(20).AppendNull()
	} else {
		b.Field(20).(*array.BooleanBuilder).Append(*r.forgotten)
	}
	appendNumberOrNull(b.Field(21), r.effect)
	for i := range 3 {
		if r.outcomes == nil {
			b.Field(22 + i).AppendNull()
		} else {
			b.Field(22 + i).(*array.Int32Builder).Append(int32(r.outcomes[i]))
		}
	}
}

func appendNumberOrNull(b array.Builder, x *float64) {
	if x == nil {
		b.AppendNull()
	} else {
		b.(*array.Float64Builder).Append(*x)
	}
}
