package pipeline

import (
	"context"
	"os"
	"path/filepath"

	"github.com/sourcegraph/conc/pool"

	"github.com/ferry-clir/ferry/pipeline/objects"
)

// A delivery is where the files of a sink go that has an address for a path: the sink writes them into a folder of the work folder, and
// when all are complete they are put into the bucket. Those of a sink that failed are put again.
type delivery struct {
	folder string // that stands for the bucket
	bucket objects.Address
}

// deliver has a sink write into the work folder what is to go to an address, whose store must answer. It returns where.
func (p *Pipeline) deliver(ctx context.Context, s *Step, a objects.Address) (local string, err error) {
	bucket, name := a.Split()
	s.delivery = &delivery{filepath.Join(p.Work, "outputs", bucketFolder(bucket)), bucket}
	local = filepath.Join(s.delivery.folder, filepath.FromSlash(name))
	store, err := objects.Open(ctx, bucket) // rather now than after a night
	if err != nil {
		return local, err
	}
	return local, store.Close()
}

// put puts files, which lie in the folder; a nil delivery has nothing to put.
func (d *delivery) put(ctx context.Context, files []string) error {
	if d == nil {
		return nil
	}
	store, err := objects.Open(ctx, d.bucket)
	if err != nil {
		return err
	}
	defer store.Close()
	puts := pool.New().WithContext(ctx).WithMaxGoroutines(mostPuts).WithCancelOnError().WithFirstError()
	for _, file := range files {
		puts.Go(func(ctx context.Context) error {
			name, err := filepath.Rel(d.folder, file)
			if err != nil {
				return err
			}
			f, err := os.Open(file)
			if err != nil {
				return err
			}
			defer f.Close()
			return store.Put(ctx, filepath.ToSlash(name), f)
		})
	}
	return puts.Wait()
}

// deliverManifest puts the manifest where the outputs are beside which it stands, last of all.
func (r *Run) deliverManifest() error {
	file := r.pipeline.manifestFile()
	for _, s := range r.pipeline.Steps {
		if s.delivery != nil && below(file, s.delivery.folder) {
			return s.delivery.put(context.Background(), []string{file})
		}
	}
	return nil
}
