package schemas

import (
	"github.com/apache/arrow-go/v18/arrow"
)

// Comparisons is the table of variants beside a baseline: a row a variant, baseline, scoring, measure and language; and a row
// with a null language for each group of languages. Values are means over seeds.
func Comparisons() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(Variant), textOrNull(Baseline), textOrNull(Scoring), text(Measure), text(Group), textOrNull(Language),
		integer(Seeds), integer(QueryCount), number(Value), number(Low), number(High), numberOrNull(Spread),
		numberOrNull(Gain), numberOrNull(GainLow), numberOrNull(GainHigh),
		numberOrNull(PPermutation), numberOrNull(PPermutationHolm), numberOrNull(PTTest), numberOrNull(PTTestHolm), integer(Family),
		{Name: Forgotten, Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
		numberOrNull(Effect), integerOrNull(Wins), integerOrNull(Ties), integerOrNull(Losses)}, nil)
}

// The groups of languages in a table of comparisons. A language's own row names the one of the second or third that it is in.
const (
	GroupAll         = "all"
	GroupLowResource = "low_resource"
	GroupOthers      = "others"
	GroupGap         = "gap" // the mean of the others less that of low_resource
)
