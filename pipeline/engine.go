package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ferry-clir/ferry/pipeline/spark"
)

// An engine has tasks done on other machines: it runs a process of the shell command for each line, and returns what all have
// answered. A process that ends with another exit code than 0 is tried again, on another machine where there is one. Run
// returns when all have ended, or soon after ctx has.
type engine interface {
	Run(ctx context.Context, command string, lines []string) (answers []string, err error)
	// Ask runs a process of the command in each place that machines have for one, and returns what they have answered. There are lines
	// for them to read.
	Ask(ctx context.Context, command string) (answers []string, err error)
	// Races tells whether a process that takes longer than most of the same Run is begun anew elsewhere, and ends when that one does.
	Races(ctx context.Context) (bool, error)
	// Send gives a file to all machines, where commands find it in the folder that they start in, or in a folder there.
	Send(ctx context.Context, name, file string) error
	Close() // when nothing is to be done any more
}

// LocalEngine is the engine of a run that does all tasks itself.
const LocalEngine = "local"

// ErrSpread is the error of a run that has both an engine and a share.
var ErrSpread = errors.New("a run is spread by an engine or by --tasks; leave one out, or add --engine " + LocalEngine)

// CheckEngine tells what is wrong with the address of an engine.
func CheckEngine(address string) error {
	if address == "" || address == LocalEngine {
		return nil
	}
	return spark.CheckAddress(address)
}

// A remote is the engine of a run, and what it is asked for.
type remote struct {
	engine
	address string // for messages
	warn    func(warning string)
	connect func() error // once something is to be done there; so does program
	program func() (command string, err error)
	send    func() error // this program, once; nil if all machines have it at a path
	largest string       // machine, as thisMachine has it; empty if they are alike. It and places are known once program is
	places  int          // for processes, on all machines
	plan    taskPlan
	pack    sync.Once // fills in what plan says of the store
	packed  error
	mutex   sync.Mutex
	waves   map[*unit]*wave // that a unit's tasks are in
}

// findEngine finds the engine that the run is to use; nil if that is none. It is not connected to yet.
func (r *Run) findEngine(ctx context.Context) (*remote, error) {
	p, o := r.pipeline, r.options
	address := o.Engine
	if address == "" {
		address = p.Engine
	}
	if address == "" || address == LocalEngine {
		return nil, nil
	}
	if !o.Share.whole() {
		return nil, ErrSpread
	}
	e := &remote{engine: o.engine, warn: func(warning string) { o.Reporter.Warned("engine", warning) }, address: p.secrets.Redact(spark.Server(address)), plan: taskPlan{store: r.store}, waves: map[*unit]*wave{}}
	var err error
	if e.plan.common, err = p.commonLine(ctx, r.hashes); err != nil {
		return nil, err
	}
	e.connect = sync.OnceValue(func() error { return e.reach(ctx, address, o) })
	e.program = sync.OnceValues(func() (string, error) {
		if err := e.connect(); err != nil {
			return "", err
		}
		return e.programOf(ctx, o)
	})
	return e, nil
}

// reach connects to the engine, and sees whether its machines have this program where they were said to.
func (e *remote) reach(ctx context.Context, address string, o Options) error {
	if e.engine == nil {
		o.Reporter.Started("engine")
		began := time.Now()
		cluster, err := spark.Connect(ctx, address)
		if err != nil {
			or := ", or"
			if strings.Contains(err.Error(), "\n") {
				or = "\nor" // not to be taken for what the last line says
			}
			return fmt.Errorf("connecting to the engine at %s: %w%s run with --engine %s", e.address, err, or, LocalEngine)
		}
		e.engine = cluster
		o.Reporter.Finished("engine", Finished{Took: time.Since(began)})
	}
	if o.EngineBinary == "" {
		return nil
	}
	early, cancel := context.WithTimeout(ctx, executorsAnswer/2)
	defer cancel()
	if _, err := e.programOf(early, o); early.Err() == nil || ctx.Err() != nil {
		return err
	}
	return nil // no executor is free; what comes first there asks again
}

// connect connects to the engine if there is one, and something for it to do. Else it may still come to that, when what is there turns
// out to be spoiled.
func (r *Run) connect() error {
	if r.remote == nil {
		return nil
	}
	if err := r.hashes.Save(); err != nil { // so that others need not read what is hashed here
		return fmt.Errorf("writing cache: %w", err)
	}
	if !slices.ContainsFunc(r.units, (*unit).forElsewhere) {
		return nil
	}
	return r.remote.connect()
}

// disconnect ends the connection, if there is one.
func (e *remote) disconnect() {
	if e != nil && e.engine != nil {
		e.Close()
	}
}

// forElsewhere tells whether an engine makes the unit, as far as is known before its input is there.
func (u *unit) forElsewhere() bool {
	return u.needed && !u.present && u.twin == nil && (u.alone() || u.inTasks())
}

// do has the engine do tasks by processes that begin with some shell, and returns the answers. What lines say for people is left out.
func (e *remote) do(ctx context.Context, shell, while string, tasks []TaskLine) ([]TaskAnswer, error) {
	var lines []string
	for _, t := range tasks {
		t.While, t.Wave, t.Seconds, t.Memory, t.Reads, t.Writes = while, 0, 0, 0, nil, nil
		line, err := json.Marshal(t)
		if err != nil {
			return nil, err
		}
		lines = append(lines, string(line))
	}
	command, err := e.program()
	var texts []string
	if err == nil {
		texts, err = e.Run(ctx, shell+command, lines)
	}
	if err != nil && e.send != nil && strings.Contains(err.Error(), notBrought) && ctx.Err() == nil { // it has come since machines were asked
		if err = e.send(); err == nil {
			texts, err = e.Run(ctx, shell+command, lines)
		}
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("having tasks done at %s: %w; what is finished is kept, and the next run goes on from there, with the engine or --engine %s", e.address, err, LocalEngine)
	}
	var answers []TaskAnswer
	for _, text := range texts {
		var a TaskAnswer
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			return nil, fmt.Errorf("having tasks done at %s: an answer is no JSON: %.200q", e.address, text)
		}
		answers = append(answers, a)
	}
	return answers, nil
}

// bring makes sure that other machines find what a unit reads, in the store if there is one, and nothing of it there that is spoiled.
func (r *Run) bring(ctx context.Context, u *unit) error {
	if r.store.mirror == nil {
		return nil
	}
	e := r.remote
	e.pack.Do(func() {
		e.plan.store = r.store
		e.plan.common.Store, e.plan.common.Pack, e.packed = r.packed(ctx)
	})
	if e.packed != nil {
		return e.packed
	}
	if err := r.store.mirror.unnote(ctx, u.key); err != nil {
		return err
	}
	return r.shareInputs(ctx, u)
}

// makeElsewhere has the engine make a unit as a whole.
func (r *Run) makeElsewhere(ctx context.Context, u *unit) (note, error) {
	if err := r.bring(ctx, u); err != nil {
		return note{}, err
	}
	while, release, err := r.wantTasks(ctx)
	if err != nil {
		return note{}, err
	}
	defer release()
	told, stop := context.WithCancel(ctx)
	var telling sync.WaitGroup
	telling.Go(func() { r.tellWaiting(told, u, while) })
	answers, err := r.remote.doLargest(ctx, while, r.remote.plan.line([]*unit{u}))
	stop()
	telling.Wait()
	if err != nil {
		return note{}, err
	}
	if n, failed, err := r.failedTask(ctx, u, while); err != nil || failed {
		return n, err
	}
	n, ok, err := r.pipeline.made(ctx, u, r.store, r.hashes)
	if err == nil && !ok {
		n, ok, err = r.store.mirror.find(ctx, u)
	}
	if err == nil && !ok {
		err = fmt.Errorf("the engine says %+v, but nothing is there: do all machines see the work folder, or the same store?", answers)
	}
	if err == nil {
		r.publish(u, n)
		r.tellWarnings(u, n)
	}
	return n, err
}
