package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"strings"
	"sync"

	"github.com/sourcegraph/conc/pool"
)

// Who leads a run and who does its tasks on other machines, with a store and no folder in common, tell each other there: tasks are
// wanted as long as there is an object wantedName in a folder of theirs, and notes of tasks that failed lie beside it.

const wantedName = "wanted.json"

// finished is the note of that name if it is there and all that it describes.
func (m *mirror) finished(ctx context.Context, k key, name string) (note, bool, error) {
	if m.off() {
		return note{}, false, nil
	}
	n, ok, err := m.read(ctx, k, name)
	if err != nil || !ok {
		return note{}, false, err
	}
	for file, c := range m.cache.files(k, n) {
		if there, err := m.isStored(ctx, m.object(file, c), c.Bytes); err != nil || !there {
			return note{}, false, err
		}
	}
	m.know(k, n)
	return n, true, nil
}

// taskNotes are the notes of tasks of a unit that are there, but for those that are known, by number.
func (m *mirror) taskNotes(ctx context.Context, k key, known map[int]note) (map[int]note, error) {
	found, err := m.objects.List(ctx, mirrorFolder+string(k)+"/task-")
	if err != nil {
		return nil, err
	}
	var mutex sync.Mutex
	notes := map[int]note{}
	reads := pool.New().WithContext(ctx).WithMaxGoroutines(mostReads).WithCancelOnError().WithFirstError()
	for _, number := range taskNumbers(func(yield func(string) bool) {
		for _, o := range found {
			if !yield(o.Name) {
				return
			}
		}
	}) {
		if _, ok := known[number]; ok {
			continue
		}
		reads.Go(func(ctx context.Context) error {
			n, ok, err := m.read(ctx, k, taskName(number))
			if ok {
				m.know(k, n)
				mutex.Lock()
				defer mutex.Unlock()
				notes[number] = n
			}
			return err
		})
	}
	return notes, reads.Wait()
}

// know says that all is there that a note describes, which comes last.
func (m *mirror) know(k key, n note) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for file, c := range m.cache.files(k, n) {
		m.there[m.object(file, c)] = c.Bytes
	}
}

// finishedTasks are the numbers of the tasks of a unit that are done.
func (m *mirror) finishedTasks(ctx context.Context, k key) (numbers []int, err error) {
	l, err := m.list(ctx, k)
	if err != nil || len(l) == 0 {
		return nil, err
	}
	notes, err := m.taskNotes(ctx, k, nil)
	for number, n := range notes {
		if m.complete(k, n, l) {
			numbers = append(numbers, number)
		}
	}
	return numbers, err
}

// mostReads is how many notes are read at a time.
const mostReads = 16

// unnote removes the notes of a key of which something is spoiled, so that who makes it elsewhere makes all of it.
func (m *mirror) unnote(ctx context.Context, k key) error {
	if !m.isSpoiled(k) {
		return nil
	}
	found, err := m.objects.List(ctx, mirrorFolder+string(k)+"/")
	if err != nil {
		return err
	}
	for _, o := range found {
		if strings.HasSuffix(o.Name, ".json") {
			if err := m.objects.Remove(ctx, o.Name); err != nil {
				return err
			}
		}
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	maps.DeleteFunc(m.useless, func(name string, _ bool) bool { return strings.HasPrefix(name, mirrorFolder+string(k)+"/") })
	return nil
}

// putFailure leaves the note of a task that failed, with the rows that it put into quarantine, for who leads the run, if anybody does.
func (m *mirror) putFailure(ctx context.Context, folder string, k key, name string, n note) error {
	if folder == "" {
		return nil
	}
	if err := m.putFiles(ctx, k, n); err != nil {
		return err
	}
	return m.putJSON(ctx, fmt.Sprintf("%s%s.%s.json", folder, k, name), n)
}

// failure is the first of the notes of tasks of a unit that failed.
func (m *mirror) failure(ctx context.Context, folder string, k key) (n note, ok bool, err error) {
	found, err := m.objects.List(ctx, folder+string(k)+"."+failedTask)
	if err != nil || len(found) == 0 {
		return n, false, err
	}
	data, err := m.objects.Read(ctx, found[0].Name)
	if err == nil {
		err = json.Unmarshal(data, &n)
	}
	return n, err == nil, err
}

// forget removes what there is in a folder of tasks, and thereby ends them.
func (m *mirror) forget(ctx context.Context, folder string) error {
	if path.Clean(folder) == "." || !strings.HasPrefix(folder, "tasks/") {
		return fmt.Errorf("%q is no folder of tasks", folder)
	}
	found, err := m.objects.List(ctx, folder)
	for _, o := range found {
		if removed := m.objects.Remove(ctx, o.Name); removed != nil && !errors.Is(removed, fs.ErrNotExist) {
			err = errors.Join(err, removed)
		}
	}
	return err
}
