package stages

import (
	"context"
	"fmt"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
)

// Shuffle puts the rows of a table into a random order, every order being as likely as any other. It depends on the
// pipeline's seed and the number of rows alone.
//
// Tables may be larger than memory: rows go to files in the work folder, by the first bits of a random number each, and
// every file is sorted by these numbers on its own; one that is too large is cut up again.
type Shuffle struct {
	// From names a table of any kind.
	From schemas.TableRef `yaml:"from" ferry:"required"`
	// Memory is the number of MB of rows that are held at a time.
	Memory int `yaml:"memory"`
}

// NewShuffle returns a Shuffle with its defaults.
func NewShuffle() *Shuffle { return &Shuffle{Memory: 256} }

// Validate checks the keys.
func (s *Shuffle) Validate() []schemas.Mistake {
	if s.Memory < 1 {
		return []schemas.Mistake{{Key: "memory", Problem: fmt.Sprintf("should be at least 1, is %d", s.Memory)}}
	}
	return nil
}

// Outputs is a table with the columns of From.
func (s *Shuffle) Outputs(in Types) (Outputs, []schemas.Mistake) {
	return Outputs{Tables: []schemas.TableType{{Name: "shuffled", Schema: in.Schema("from")}}}, nil
}

// Run shuffles.
func (s *Shuffle) Run(ctx context.Context, job Job) (*model.Model, error) {
	from, _ := job.Table("from")
	k := keySort{out: job.Outputs["shuffled"], schema: from.Schema, memory: int64(s.Memory) << 20, folder: job.Scratch}
	return nil, k.order(ctx, keyed(ctx, job, from), 0)
}
