package stages

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sourcegraph/conc"

	"github.com/ferry-clir/ferry/schemas"
)

// lackTexts is lacksTexts for several tables.
func lackTexts(tables []schemas.TableType) []schemas.Mistake {
	var found []schemas.Mistake
	for _, t := range tables {
		found = append(found, lacksTexts(t.Schema)...)
	}
	return found
}

// eachBatch calls fn for every batch of the tables that key names, and tells progress.
func eachBatch(ctx context.Context, job Job, key string, fn func(arrow.RecordBatch) error) error {
	var seen, total int64
	for _, from := range job.Tables[key] {
		total += max(0, from.Rows)
	}
	for _, from := range job.Tables[key] {
		for batch, err := range from.Batches(ctx) {
			if err != nil {
				return err
			}
			if err := fn(batch); err != nil {
				return err
			}
			seen += batch.NumRows()
			job.Progress(seen, total, "rows")
		}
	}
	return nil
}

// eachShare cuts n rows into as many shares as there are workers and calls fn for each, all at once.
func eachShare(n, workers int, fn func(worker, from, to int)) {
	workers = max(1, workers)
	var shares conc.WaitGroup
	for w := range workers {
		shares.Go(func() { fn(w, w*n/workers, (w+1)*n/workers) })
	}
	shares.Wait()
}
