package pipeline

import (
	"fmt"
	"hash/crc32"
	"path/filepath"
	"strconv"
	"strings"
)

// A Share is the part of a run that one of several processes does. They need no other channel than the cache that they have
// in common: who does what is known beforehand, and that it is done is told by its note. The zero Share is all of a run.
type Share struct {
	Number int // of the process, from 1
	Of     int // so many processes
}

// UnmarshalText reads `3/16`.
func (s *Share) UnmarshalText(text []byte) error {
	number, of, ok := strings.Cut(string(text), "/")
	n, err := strconv.Atoi(number)
	m, errOf := strconv.Atoi(of)
	if !ok || err != nil || errOf != nil {
		return fmt.Errorf("should be the number of this process and how many there are, such as 3/16 for the third of sixteen, is %q", text)
	}
	if n < 1 || n > m {
		return fmt.Errorf("%q would be process %d of %d: the first number is this process's, from 1 up to the second, which is how many there are", text, n, m)
	}
	*s = Share{n, m}
	return nil
}

func (s Share) String() string { return fmt.Sprintf("%d/%d", s.Number, s.Of) }

// name is what its files are called.
func (s Share) name() string { return fmt.Sprintf("%d-of-%d", s.Number, s.Of) }

// shareNamed reads such a name, whatever follows.
func shareNamed(name string) (s Share, ok bool) {
	_, err := fmt.Sscanf(name, "%d-of-%d", &s.Number, &s.Of)
	return s, err == nil
}

// whole tells whether there are no other processes.
func (s Share) whole() bool { return s.Of <= 1 }

// first tells whether this process waits for all others, and writes what tells of the run as a whole.
func (s Share) first() bool { return s.whole() || s.Number == 1 }

// owner is the number of the process that does a task of a unit: number is the shard, or 0 of what is not cut into tasks.
func (s Share) owner(u *unit, number int) int {
	return int((u.turn+uint32(number))%uint32(max(1, s.Of))) + 1
}

func (s Share) owns(u *unit, number int) bool {
	return s.whole() || u.mine || s.owner(u, number) == s.Number
}

// does tells whether this process may have something to do for a unit.
func (s Share) does(u *unit) bool { return u.inTasks() || s.owns(u, 0) }

// writes tells whether this process is who writes a file of that name, such as vectors-00012.arrow, of a unit that is cut into tasks.
func (s Share) writes(u *unit, name string) bool {
	name = strings.TrimSuffix(name, filepath.Ext(name))
	if strings.HasPrefix(name, failedMark) {
		return name == failedName(s)
	}
	if number, err := strconv.Atoi(name[strings.LastIndexByte(name, '-')+1:]); err == nil {
		if table := name[:strings.LastIndexByte(name, '-')]; u.parts != nil && u.tables[table] != nil {
			number = 0 // whoever merges writes all shards
		}
		return s.owns(u, number)
	}
	return name == done && s.owns(u, 0)
}

func (u *unit) rowWise() bool {
	_, ok := u.step.component.(rowWise)
	return ok
}

// takeTurns spreads the units of each kind over the processes one after the other, whatever is done already: all processes
// must come to the same. Where they may have no folder in common, all files that sinks write go to the first's.
func takeTurns(units []*unit, apart bool) {
	next := map[string]uint32{}
	for _, u := range units {
		if u.twin != nil || apart && u.step.Section == "sinks" {
			continue
		}
		name := u.step.Section + "/" + u.step.kind.name
		if _, ok := next[name]; !ok {
			next[name] = crc32.ChecksumIEEE([]byte(name))
		}
		u.turn = next[name]
		next[name]++
	}
}

// markWaited marks the units whose end this process has to see: its own, and what those read.
func (s Share) markWaited(units []*unit) {
	for i := len(units) - 1; i >= 0; i-- { // readers come after what they read
		u := units[i]
		if s.first() || s.owns(u, 0) {
			u.waited = true
		}
		if u.waited || u.inTasks() {
			for _, in := range u.inputs {
				in.unit.maker().waited = true
			}
		}
	}
}
