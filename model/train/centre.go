package train

import (
	"context"
	"fmt"
	"sync"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/sourcegraph/conc/stream"
)

// centreTexts is the number of texts that the mean token vector is taken of.
const centreTexts = 2048

// MeanTokenVector returns the mean token vector, (width), of the content tokens of the given texts, or of centreTexts of
// them, evenly spread, if there are more: the point that Distill subtracts from both sides, since last-layer vectors
// all point one way. It is summed in float64 and in order, and so does not depend on the number of workers.
func MeanTokenVector(ctx context.Context, e *encoder.Encoder, texts Ragged, which Content, workers int) ([]float32, error) {
	if err := e.Check(texts); err != nil {
		return nil, fmt.Errorf("computing mean token vector: %w", err)
	}
	const at = 16 // texts at a time
	d, tokens := e.Config.Width(), 0
	total, samples := make([]float64, d), spread(centreTexts, texts.Sequences())
	workspaces := sync.Pool{New: func() any { return encoder.NewWorkspace() }}
	s := stream.New().WithMaxGoroutines(max(1, workers))
	for first := 0; first < len(samples) && ctx.Err() == nil; first += at {
		s.Go(func() stream.Callback {
			var chunk Ragged
			pick(&chunk, samples[first:min(first+at, len(samples))], texts)
			w := workspaces.Get().(*encoder.Workspace)
			hidden := e.Forward(w, chunk)
			var places []int32
			for i := range chunk.Sequences() {
				places = which.places(places, chunk, i)
			}
			return func() {
				tokens += len(places)
				for _, t := range places {
					for k, x := range hidden[int(t)*d : int(t+1)*d] {
						total[k] += float64(x)
					}
				}
				workspaces.Put(w)
			}
		})
	}
	s.Wait()
	if tokens == 0 || ctx.Err() != nil {
		return make([]float32, d), ctx.Err()
	}
	mean := make([]float32, d)
	for k, x := range total {
		mean[k] = float32(x / float64(tokens))
	}
	return mean, nil
}
