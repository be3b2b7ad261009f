package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/pipeline/objects"
	"github.com/ferry-clir/ferry/pipeline/spark"
)

// A TaskLine says all that a process, on this machine or another that sees the same files, has to know to do one task of a
// run. As JSON it is one line of what `ferry plan --json` prints and `ferry task` reads. What is the same for many tasks
// stands first.
type TaskLine struct {
	Key   string   `json:"key"`   // of what is made, which lies in the folder of that name in the work folder's cache
	Steps []string `json:"steps"` // each but the first reads what the one before makes; what the last makes has the key
	Kind  string   `json:"kind"`  // of the last
	// Pipeline is the file, Set what changes it, and Variables those of the environment that it names; secret ones each machine
	// has to have.
	Pipeline string `json:"pipeline"`
	// Store has all that the task needs, and gets what it makes; Pack is the hash of what is there of the pipeline. Without them that
	// is where Pipeline and Work say.
	Store     string            `json:"store,omitempty"`
	Pack      string            `json:"pack,omitempty"`
	Work      string            `json:"work"` // folder
	Set       []string          `json:"set,omitempty"`
	Variables map[string]string `json:"variables,omitempty"`
	Inputs    map[string]string `json:"inputs,omitempty"`  // keys of what the steps read, by step
	Binary    string            `json:"binary"`            // SHA-256 of the ferry that planned
	ISA       string            `json:"isa"`               // sums round differently with other instructions
	While     string            `json:"while,omitempty"`   // a file, or a folder of the store: the task is given up once it is gone
	Wave      int               `json:"wave,omitempty"`    // tasks of one can be done at the same time, after those of the ones before
	Shard     *int              `json:"shard,omitempty"`   // of the first step's input; without it the step is made as a whole, or ended
	Content   *content.Sum      `json:"content,omitempty"` // of the shard, where that is in a store
	Rows      int64             `json:"rows,omitempty"`    // to read; 0 where nobody knows yet
	Seconds   float64           `json:"seconds,omitempty"`
	Memory    int64             `json:"memory,omitempty"` // bytes, as it was when a task of the step was done last
	Reads     []string          `json:"reads,omitempty"`  // input and output shards, as files in the work folder's cache
	Writes    []string          `json:"writes,omitempty"`
}

// commonLine is what the lines of all tasks say.
func (p *Pipeline) commonLine(ctx context.Context, hashes *content.Known) (TaskLine, error) {
	file, err := filepath.Abs(p.File)
	if err != nil {
		return TaskLine{}, err
	}
	sets, variables := p.withoutEngine()
	binary, err := binaryHash(ctx, hashes)
	return TaskLine{Pipeline: file, Work: p.Work, Set: sets, Variables: variables, Binary: binary, ISA: kernel.ISA()}, err
}

// withoutEngine are what changes the file and the variables, but for the address of an engine: who does tasks needs none, and whoever looks
// at its jobs may not see the token.
func (p *Pipeline) withoutEngine() (sets []string, variables map[string]string) {
	if p.Engine == "" {
		return p.sets, p.variables
	}
	sets = slices.DeleteFunc(slices.Clone(p.sets), func(set string) bool { return strings.HasPrefix(set, "engine=") })
	variables = maps.Clone(p.variables)
	if token := spark.Token(p.Engine); token != "" {
		maps.DeleteFunc(variables, func(_, value string) bool {
			plain, _ := url.PathUnescape(value)
			return strings.Contains(value, token) || strings.Contains(plain, token)
		})
	}
	return append(sets, "engine="+LocalEngine), variables
}

// binaryHash is the hash of this program.
func binaryHash(ctx context.Context, hashes *content.Known) (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("looking for this program: %w", err)
	}
	return hashes.Sum(ctx, program)
}

// lookup is the environment that the pipeline file is read in.
func (l TaskLine) lookup(name string) (string, bool) {
	if secretName.MatchString(name) {
		return os.LookupEnv(name)
	}
	value, ok := l.Variables[name]
	return value, ok
}

// crew is what tasks have in common that one crew can do.
func (l TaskLine) crew() string {
	l.Wave, l.Shard, l.Content, l.Rows, l.Seconds, l.Memory, l.Reads, l.Writes = 0, nil, nil, 0, 0, 0, nil, nil
	data, _ := json.Marshal(l) // texts always can be
	return string(data)
}

var errGivenUp = errors.New("given up by the process that leads the run")

// whileEvery is how often a task looks whether it is still wanted, and tells how far it is. Tests make it less.
var whileEvery = 2 * time.Second

// while returns a context that ends when the task is given up, for which it looks into the store if that is not nil, and calls tell as
// long as it is not; stop must be called in the end.
func (l TaskLine) while(ctx context.Context, s *objects.Store, tell func(context.Context)) (_ context.Context, stop func()) {
	if l.While == "" {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	look := func() {
		var err error
		if s == nil {
			_, err = os.Stat(l.While)
		} else {
			_, err = s.Read(ctx, l.While+wantedName)
		}
		if errors.Is(err, fs.ErrNotExist) {
			cancel(errGivenUp)
		}
	}
	if _, err := os.Stat(filepath.Dir(l.While)); s == nil && errors.Is(err, fs.ErrNotExist) {
		cancel(fmt.Errorf("this machine does not see %s; share the work folder of the run with it, or name a store that both reach (--set store=)", filepath.Dir(l.While)))
	}
	look()
	var looking sync.WaitGroup
	looking.Go(func() {
		for ctx.Err() == nil {
			tell(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(whileEvery):
				look()
			}
		}
	})
	return ctx, func() { cancel(nil); looking.Wait() }
}
