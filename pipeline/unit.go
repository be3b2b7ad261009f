package pipeline

import (
	"context"
	"fmt"
	"os"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/stages"
)

// A unit is what is made, kept and found again as a whole: one table of a source, or all that a model, stage or sink makes.
type unit struct {
	step   *Step
	source string // for a source, the table
	identity
	key     key
	inputs  []input
	tables  map[string]*table
	parts   *stages.Parts // how several processes make it, if they can
	note    note
	twin    *unit         // an earlier one with the same key, which makes what both are
	present bool          // was made before and need not be made again
	refused error         // what it made has more bad rows than are allowed now; known in a plan
	stored  bool          // what it made is in the store, and not all of it in the cache
	needed  bool          // has to be made in this run
	saved   string        // of a plan: what state of its training is here, to go on from
	ready   chan struct{} // closed when all that it makes is there, or could not be made
	failed  bool          // it could not; known once ready is closed
	again   bool          // that is because of what was spoiled in the store, and can be mended; known with failed
	mine    bool          // this process makes it, whoever's turn it is
	turn    uint32        // which says who of several processes makes it
	waited  bool          // this process has to see its end
}

// An input is an edge with the unit at its other end.
type input struct {
	*edge
	unit *unit
}

func (u *unit) name() string {
	if u.source != "" {
		return u.step.Where() + "." + u.source
	}
	return u.step.Where()
}

// table is the table that the input refers to.
func (in input) readTable() *table {
	found, _ := in.find()
	return in.unit.tables[found.Name]
}

// layOut lays out what a checked pipeline makes, for those who look at it and run nothing, on a disk that takes nothing, too. What is in
// its store is not looked at.
func (p *Pipeline) layOut(ctx context.Context) (store, []*unit, error) {
	return p.layOutWith(ctx, openStore(p.Work, memory.DefaultAllocator))
}

func (p *Pipeline) layOutWith(ctx context.Context, s store) (store, []*unit, error) {
	h := content.OpenKnown(p.Work)
	units, err := p.units(ctx, s, h)
	if err != nil {
		return s, nil, err
	}
	_ = h.Save() // it only saves others time
	return s, units, nil
}

// units lays out what a checked pipeline makes: in order, with keys, and what of it is there already.
func (p *Pipeline) units(ctx context.Context, s store, hashes *content.Known) ([]*unit, error) {
	var err error
	if p.mends, err = p.readMends(); err != nil {
		return nil, err
	}
	var units []*unit
	made := map[string]*unit{} // by step and, for a source, table
	byKey := map[key]*unit{}
	for _, step := range p.Steps {
		for _, name := range p.unitTables(step) {
			u := newUnit(step, name)
			u.connect(made)
			if err := p.identify(ctx, u, s, hashes); err != nil {
				return nil, err
			}
			if u.twin = byKey[u.key]; u.twin == nil {
				byKey[u.key] = u
			} else if !u.present {
				u.tables, u.ready = u.twin.tables, u.twin.ready
			}
			units = append(units, u)
			made[step.Where()+"."+name] = u
		}
	}
	if err := s.mirror.lookUp(ctx, units); err != nil {
		return nil, err
	}
	takeTurns(units, s.mirror != nil)
	for _, u := range units {
		if (u.step.Section == "sinks" || u.step.wanted) && !u.present {
			u.need()
		}
	}
	return units, nil
}

func newUnit(s *Step, source string) *unit {
	u := &unit{step: s, source: source, tables: map[string]*table{}, ready: make(chan struct{})}
	if c, ok := s.component.(parted); ok {
		u.parts = c.Parts()
	}
	return u
}

// connect finds the units that u reads among those that are laid out, by step and, for a source, table.
func (u *unit) connect(made map[string]*unit) {
	for _, e := range u.step.edges {
		u.inputs = append(u.inputs, input{e, made[unitID(e.step, e)]})
	}
}

func unitID(s *Step, e *edge) string {
	if s.Section == "sources" {
		found, _ := e.find()
		return s.Where() + "." + found.Name
	}
	return s.Where() + "."
}

// unitTables are the names of a step's units: for a source the tables that somebody reads, else one without a name.
func (p *Pipeline) unitTables(s *Step) []string {
	if s.Section != "sources" {
		return []string{""}
	}
	read := map[string]bool{}
	for _, other := range p.Steps {
		for _, e := range other.edges {
			if e.step == s {
				found, _ := e.find()
				read[found.Name] = true
			}
		}
	}
	var names []string
	for _, t := range s.tables {
		if read[t.Name] {
			names = append(names, t.Name)
		}
	}
	return names
}

// identify gives a unit its key and tables, and finds out whether it was made before.
func (p *Pipeline) identify(ctx context.Context, u *unit, s store, hashes *content.Known) error {
	if err := p.giveKey(ctx, u, hashes); err != nil {
		return err
	}
	u.offer(s)
	return p.lookUp(ctx, u, s, hashes)
}

func (p *Pipeline) giveKey(ctx context.Context, u *unit, hashes *content.Known) error {
	keys := func(e *edge) key {
		for _, in := range u.inputs {
			if in.edge == e {
				return in.unit.key
			}
		}
		return ""
	}
	var err error
	if u.identity, err = p.identity(ctx, u.step, u.source, keys, hashes); err != nil {
		return err
	}
	if u.key, err = u.identity.key(); err != nil {
		return fmt.Errorf("%s: %w", u.name(), err)
	}
	return nil
}

// offer gives a unit its tables, which have no shards yet.
func (u *unit) offer(s store) {
	for _, t := range u.step.tables {
		if u.source == "" || u.source == t.Name {
			name := t.Name
			u.tables[name] = newTable(u.step.Name+"."+name, t.Schema, s, func(number int) string { return s.shard(u.key, name, number) })
		}
	}
}

// lookUp finds out whether a unit was made before.
func (p *Pipeline) lookUp(ctx context.Context, u *unit, s store, hashes *content.Known) error {
	if u.step.Section == "models" {
		u.finish()
		return nil
	}
	n, ok, err := p.made(ctx, u, s, hashes)
	if err != nil {
		return fmt.Errorf("%s: %w", u.name(), err)
	}
	if ok {
		u.take(n)
	}
	return nil
}

// take takes over what was made before.
func (u *unit) take(n note) {
	u.note = n
	for name, shards := range n.Shards {
		t := u.tables[name]
		if t == nil { // the quarantine
			continue
		}
		for _, s := range shards {
			t.publish(s)
		}
		t.end(len(shards))
	}
	u.finish()
}

// made returns the note of a unit that is there as a whole, false if it is not.
func (p *Pipeline) made(ctx context.Context, u *unit, s store, hashes *content.Known) (note, bool, error) {
	n, ok, err := s.read(u.key, done)
	return n, ok && s.complete(u.key, n, u.step.model != nil) && p.filesUnchanged(ctx, u, n, hashes), err
}

func (u *unit) finish() {
	u.present = true
	close(u.ready)
}

// filesUnchanged tells whether a sink's files are still what it wrote.
func (p *Pipeline) filesUnchanged(ctx context.Context, u *unit, n note, hashes *content.Known) bool {
	if c, ok := u.step.component.(sink); ok {
		for _, file := range c.Files() {
			if _, err := os.Stat(file); err != nil {
				return false
			}
		}
	}
	for file, want := range n.Files {
		if got, err := hashes.Sum(ctx, absolute(p.dir, file)); err != nil || got != want {
			return false
		}
	}
	return true
}

// need marks a unit, and what it reads, as to be made.
func (u *unit) need() {
	if u.present || u.needed {
		return
	}
	u.needed = true
	if u.twin != nil {
		if u.twin.need(); u.twin.present { // it is in the store
			return
		}
	}
	for _, in := range u.inputs {
		in.unit.need()
	}
}

// await waits for the models that the unit needs and for the first shard of each table, so that what it is said to take
// is not the time that others took. One that runs alone waits for all that it reads, as does one that others may make parts of. Where
// that failed meanwhile, nothing is begun.
func (r *Run) await(ctx context.Context, u *unit) error {
	all := u.alone() || u.parts != nil && (r.peers != nil || r.remote != nil)
	for _, in := range u.inputs {
		if !in.model && !all {
			if _, _, err := in.readTable().shard(ctx, 0); err != nil {
				return err
			}
		} else if err := until(ctx, in.unit.ready); err != nil {
			return err
		}
	}
	for _, in := range u.inputs {
		if isClosed(in.unit.ready) && in.unit.maker().failed {
			return fmt.Errorf("%s %w", in.unit.name(), errNotMade)
		}
	}
	return nil
}

// alone tells whether the unit keeps all workers busy and much in memory, so that no two of the kind should run at a time:
// training and searching.
func (u *unit) alone() bool {
	switch u.step.component.(type) {
	case *stages.Search, *stages.SearchCompressed, *stages.Codec:
		return true
	}
	return u.step.Section == "stages" && u.step.model != nil
}
