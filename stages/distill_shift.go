package stages

import (
	"context"
	"fmt"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/train"
)

// warnOfShifts warns of languages whose targets do not stand beside their source texts. ids are those of the pairs, or none.
func warnOfShifts(ctx context.Context, job Job, student *encoder.Encoder, t train.Distill, ids []string) error {
	shifts, err := train.Shifts(ctx, student, t, job.Workers)
	for _, s := range shifts {
		where := fmt.Sprintf("pair %d", s.Pair+1)
		if s.Pair < len(ids) {
			where = ids[s.Pair]
		}
		beside, lacks, exceeds := "before", "target", "source"
		if s.Offset > 0 {
			beside, lacks, exceeds = "after", "source", "target"
		}
		job.Outputs[trainingTable].Warn(fmt.Sprintf("the pairs in %s are shifted from about %s on: at %d of %d places that were looked at, source texts are nearest to the target "+
			"of the pair %d %s. Is a line missing in the %s texts there, or one too many in the %s texts? Put that right, or leave out the pairs from there on",
			s.Language, where, s.Found, s.Places, max(s.Offset, -s.Offset), beside, lacks, exceeds))
	}
	return err
}
