package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/ferry-clir/ferry/model/kernel"
)

// A sign is what a process that does a share writes into the file that it holds. It touches the file again and again, so that the
// others know that it is at work, also where files cannot be locked for several machines.
type sign struct {
	Owner
	Plan string `json:"plan,omitempty"` // hash of all keys: who does what is the same for all only if the keys are
	ISA  string `json:"isa,omitempty"`
}

// signEvery is how often the file is touched.
const signEvery = 5 * time.Second

// peers are the processes that do the shares of a run.
type peers struct {
	work  string
	share Share
	own   sign
	began time.Time // by the clock of the file system
	// meeting is where processes tell of themselves that have no folder in common; nil if there is no store.
	meeting *meeting
	mutex   sync.Mutex
	last    map[int]seen // by number
}

// seen is when a process last gave a sign.
type seen struct {
	touched time.Time // by the clock of the file system
	at      time.Time // by the own clock, when that was seen
}

// join writes what this process is about to make into the file that it holds, keeps touching it until leave is called,
// and makes sure that the others at work are about to make the same.
func join(work string, s Share, owner Owner, units []*unit) (p *peers, leave func(), err error) {
	sum := sha256.New()
	for _, u := range units {
		fmt.Fprintln(sum, u.key, s.owner(u, 0))
	}
	p = &peers{work: work, share: s, last: map[int]seen{}, own: sign{owner, hex.EncodeToString(sum.Sum(nil)), kernel.ISA()}}
	data, err := json.Marshal(p.own)
	if err != nil {
		return nil, nil, err
	}
	file := shareFile(work, s)
	if err := os.WriteFile(file, append(data, '\n'), 0o666); err != nil {
		return nil, nil, fmt.Errorf("telling others of this process: %w", err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, nil, fmt.Errorf("telling others of this process: %w", err)
	}
	p.began = info.ModTime()
	for number := 1; number <= s.Of; number++ {
		if _, err := p.absent(number); err != nil {
			return nil, nil, err
		}
	}
	return p, touch(file, signEvery), nil
}

// touch keeps the time of a file at when this process was last alive, until stop is called.
func touch(file string, every time.Duration) (stop func()) {
	return beat(every, func(_ context.Context, now time.Time) { _ = os.Chtimes(file, now, now) })
}

// beat calls sign again and again until stop is called. It may fail: without it others wait no longer than they would for a process that
// is gone, and know less well how long this one was there.
func beat(every time.Duration, sign func(ctx context.Context, now time.Time)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var beating sync.WaitGroup
	beating.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-time.After(every):
				sign(ctx, now)
			}
		}
	})
	return func() { cancel(); beating.Wait() }
}

// unheard is for how long nothing has been seen of a process in the folder or in the store; an error if it makes something else.
func (p *peers) unheard(ctx context.Context, number int) (time.Duration, error) {
	absent, err := p.absent(number)
	if err != nil || p.meeting == nil || number == p.share.Number {
		return absent, err
	}
	there, err := p.meeting.absent(ctx, number)
	return min(absent, there), err
}

// absent is for how long nothing has been seen of a process; an error if it makes something else.
func (p *peers) absent(number int) (time.Duration, error) {
	if number == p.share.Number {
		return 0, nil
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	last, known := p.last[number]
	if !known {
		last.at = time.Now()
	}
	file := shareFile(p.work, Share{number, p.share.Of})
	info, err := os.Stat(file)
	if err == nil && !info.ModTime().Equal(last.touched) {
		at := last.at
		last = seen{info.ModTime(), time.Now()}
		owner, err := holder(file)
		if err != nil {
			return 0, err
		}
		if owner == nil && !known { // an old file
			last.at = at
		} else if err := p.agrees(number, file); err != nil {
			return 0, err
		}
	}
	p.last[number] = last
	return time.Since(last.at), nil
}

// agrees makes sure that a process that is at work makes what this one does.
func (p *peers) agrees(number int, file string) error {
	var other sign
	data, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(data, &other) != nil || other.Plan == "" || other.Plan == p.own.Plan {
		return nil // it may just be writing
	}
	return p.own.differs(other, p.share, Share{number, p.share.Of})
}

// differs says why a process and another one, which does a share of a run of the same name or in the same folder, do not do the same run.
func (s sign) differs(other sign, own, others Share) *Busy {
	busy := &Busy{Owner: other.Owner, What: fmt.Sprintf("tasks %s of another run are done", others), Remedy: "all processes need the same pipeline file, --set, variables, inputs and ferry"}
	switch {
	case other.ISA != s.ISA:
		busy.What += fmt.Sprintf(" with the instruction set %s and not %s, where sums round differently", other.ISA, s.ISA)
		busy.Remedy = "set FERRY_CPU to the lesser of the two for all"
	case own.Of != others.Of:
		busy.Remedy = fmt.Sprintf("all processes need the same number of them, as --tasks i/%d has it", others.Of)
	}
	return busy
}
