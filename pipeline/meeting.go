package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ferry-clir/ferry/pipeline/objects"
)

// A meeting is where processes that do the shares of a run tell of themselves that may have no folder in common: the folder
// tasks/<pipeline>/<plan> of the store. Each has its sign there, which it puts again and again, and notes of what it could not make.
type meeting struct {
	mirror *mirror
	folder string
	share  Share
	began  time.Time // by the clock of the store, like all times of objects

	mutex   sync.Mutex
	looked  time.Time            // by the own clock
	changed map[string]time.Time // objects by name below the folder
	last    map[int]seen         // by number of the process
}

// lookEvery is how long what was seen in the store is taken for what there is.
const lookEvery = time.Second

// meet joins the meeting of the run, and warns of processes at work on a run of the same name that may be meant to be in it.
func (p *peers) meet(ctx context.Context, m *mirror, pipeline string) (leave func(), err error) {
	if m == nil {
		return func() {}, nil
	}
	all := "tasks/" + pipeline + "/"
	at := &meeting{mirror: m, folder: all + p.own.Plan[:24] + "/", share: p.share, last: map[int]seen{}}
	own := at.folder + at.sign(p.share.Number)
	if err := m.putJSON(ctx, own, p.own); err != nil {
		return nil, fmt.Errorf("processes that do tasks of a run need a store that they may write to: %w", err)
	}
	found, err := m.objects.List(ctx, all)
	if err != nil {
		return nil, err
	}
	at.changed = map[string]time.Time{}
	for _, o := range found {
		if name, ok := strings.CutPrefix(o.Name, at.folder); ok {
			at.changed[name] = o.Modified
		}
	}
	at.began = at.changed[at.sign(p.share.Number)]
	for name := range at.changed {
		if strings.HasPrefix(name, failedMark) && path.Base(name) == at.sign(p.share.Number) { // it is tried again
			if err := m.objects.Remove(ctx, at.folder+name); err != nil {
				return nil, err
			}
		}
	}
	if other := at.stranger(ctx, p.own, found); other != nil {
		m.warn(fmt.Sprintf("%s: %s; if that should be this run, both will wait in vain: %s", other.What, other.Owner, other.Remedy))
	}
	p.meeting = at
	stop := beat(signEvery, func(ctx context.Context, _ time.Time) { _ = m.putJSON(ctx, own, p.own) })
	return func() {
		stop()
		ctx, cancel := context.WithTimeout(context.Background(), signEvery)
		defer cancel()
		_ = m.objects.Remove(ctx, own) // else it is seen to be old
	}, nil
}

// sign is the name of a process's sign.
func (at *meeting) sign(number int) string {
	return Share{number, at.share.Of}.name() + ".json"
}

// failure is the name of its note that it could not make a unit.
func (at *meeting) failure(u *unit, number int) string {
	return failedMark + string(u.key) + "/" + at.sign(number)
}

// stranger is a process that is at work on a run of the same name and yet another; nil if none is seen among the objects in the folder of
// that name.
func (at *meeting) stranger(ctx context.Context, own sign, found []objects.Object) *Busy {
	mine := slices.IndexFunc(found, func(o objects.Object) bool { return o.Name == at.folder+at.sign(at.share.Number) })
	if mine < 0 {
		return nil
	}
	now := found[mine].Modified
	for _, o := range found {
		share, ok := shareNamed(path.Base(o.Name))
		if !ok || strings.HasPrefix(o.Name, at.folder) || now.Sub(o.Modified) > 3*signEvery {
			continue
		}
		var other sign
		data, err := at.mirror.objects.Read(ctx, o.Name)
		if err == nil && json.Unmarshal(data, &other) == nil && other.Plan != "" { // else it has gone meanwhile, or is no sign
			return own.differs(other, at.share, share)
		}
	}
	return nil
}

// inVain is why there was nobody to wait for: such a stranger is at work; nil if none is.
func (p *peers) inVain(ctx context.Context) *Busy {
	if p.meeting == nil {
		return nil
	}
	found, err := p.meeting.mirror.objects.List(ctx, path.Dir(path.Clean(p.meeting.folder))+"/")
	if err != nil {
		return nil
	}
	return p.meeting.stranger(ctx, p.own, found)
}

// look returns when an object of the meeting was put last; false if it is not there.
func (at *meeting) look(ctx context.Context, name string) (time.Time, bool, error) {
	at.mutex.Lock()
	defer at.mutex.Unlock()
	if time.Since(at.looked) > lookEvery {
		objects, err := at.mirror.objects.List(ctx, at.folder)
		if err != nil {
			return time.Time{}, false, err
		}
		at.changed = map[string]time.Time{}
		for _, o := range objects {
			at.changed[strings.TrimPrefix(o.Name, at.folder)] = o.Modified
		}
		at.looked = time.Now()
	}
	changed, ok := at.changed[name]
	return changed, ok, nil
}

// absent is for how long nothing has been seen of a process.
func (at *meeting) absent(ctx context.Context, number int) (time.Duration, error) {
	touched, ok, err := at.look(ctx, at.sign(number))
	if err != nil {
		return 0, err
	}
	at.mutex.Lock()
	defer at.mutex.Unlock()
	last, known := at.last[number]
	if !known || ok && !touched.Equal(last.touched) {
		last = seen{touched, time.Now()}
		at.last[number] = last
	}
	return time.Since(last.at), nil
}
