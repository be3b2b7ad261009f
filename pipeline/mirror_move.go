package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/sourcegraph/conc/pool"

	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/sinks"
)

// fetch makes sure that a file of the cache is there that has that content: if it is not, it is got from the store.
func (s store) fetch(ctx context.Context, file string, c content.Sum) error {
	m := s.mirror
	if m == nil || c.SHA256 == "" {
		return nil // whoever opens it will see
	}
	m.mutex.Lock()
	one := m.getting[file]
	if one == nil {
		one = &sync.Mutex{}
		m.getting[file] = one
	}
	m.mutex.Unlock()
	one.Lock()
	defer one.Unlock()
	if isThere(file, c.Bytes) {
		return nil
	}
	if m.depot != nil {
		return m.depot.get(ctx, file, c, func() error { return m.get(ctx, file, m.object(file, c), c) })
	}
	return m.get(ctx, file, m.object(file, c), c)
}

// fetchAll does so for all files that a note describes, and tries each even if others are spoiled.
func (s store) fetchAll(ctx context.Context, k key, n note) (spoiled error) {
	for file, c := range s.files(k, n) {
		err := s.fetch(ctx, file, c)
		if errors.Is(err, errSpoiled) {
			spoiled = err
		} else if err != nil {
			return err
		}
	}
	return spoiled
}

// get gets an object as a file, which appears complete and as it should be or not at all: then it is spoiled.
func (m *mirror) get(ctx context.Context, file, name string, c content.Sum) error {
	return m.getFile(ctx, file, name, c, func(err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return m.spoil(name, "is not there any more")
		case errors.Is(err, fs.ErrPermission):
			return m.spoil(name, "may not be read by this user, for whom whoever put it there should make it readable (umask 002)")
		case errors.Is(err, errAltered):
			return m.spoil(name, notAsPut+"; "+m.discard(ctx, name))
		}
		return fmt.Errorf("%w; run again when the store answers, or do without it: --set store=", err)
	})
}

var errAltered = errors.New("it " + notAsPut)

// getFile does so, and returns what failing makes of an error of the store.
func (m *mirror) getFile(ctx context.Context, file, name string, c content.Sum, failing func(error) error) error {
	part, err := sinks.Create(file)
	if err != nil {
		return err
	}
	got := content.NewWriter(part)
	err = m.objects.Get(ctx, name, got)
	if err == nil && got.Sum() != c {
		err = fmt.Errorf("getting %s/%s: %w", m.objects.Address, name, errAltered)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	} else if err != nil {
		err = failing(err)
	}
	return part.Publish(err)
}

// mostPuts is how many files of a result are sent at a time.
const mostPuts = 4

// put puts what a note describes into the store, and the note last.
func (m *mirror) put(ctx context.Context, k key, name string, n note) error {
	if m.off() || m.has(m.noteName(k, name), 0) && m.hasAll(k, n) {
		return nil
	}
	err := m.putFiles(ctx, k, n)
	if err == nil {
		err = m.putNote(ctx, m.noteName(k, name), n)
	}
	if errors.Is(err, errNotPut) {
		return nil
	}
	if err == nil && name == done {
		if err := m.removeStates(ctx, k, ""); err != nil && ctx.Err() == nil {
			m.warn(fmt.Sprintf("%v, where nobody needs it any more", err))
		}
	}
	return m.without(ctx, err)
}

// errNotPut is why a note must not be put: something that it describes has not been.
var errNotPut = errors.New("not put")

func (m *mirror) putFiles(ctx context.Context, k key, n note) error {
	puts := pool.New().WithContext(ctx).WithMaxGoroutines(mostPuts).WithCancelOnError().WithFirstError()
	for file, c := range m.cache.files(k, n) {
		puts.Go(func(ctx context.Context) error {
			if c.SHA256 == "" { // of an older ferry
				return errNotPut
			}
			name := m.object(file, c)
			if m.has(name, c.Bytes) {
				return nil
			}
			f, err := os.Open(file)
			if errors.Is(err, fs.ErrNotExist) && m.isSpoiled(k) { // it was in the store until a moment ago, and is made again
				return errNotPut
			}
			if err != nil {
				return err
			}
			defer f.Close()
			return m.write(ctx, name, f)
		})
	}
	return puts.Wait()
}

func (m *mirror) putJSON(ctx context.Context, name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return m.write(ctx, name, bytes.NewReader(data))
}

// hasAll tells whether no file that a note describes need be put.
func (m *mirror) hasAll(k key, n note) bool {
	for file, c := range m.cache.files(k, n) {
		if !m.has(m.object(file, c), c.Bytes) {
			return false
		}
	}
	return true
}

// has tells whether an object need not be put: it is there, of that size unless that is 0, or this user may not.
func (m *mirror) has(name string, bytes int64) bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	size, there := m.there[name]
	return m.readOnly || there && (bytes == 0 || size == bytes)
}

// write writes an object. That this user may not is no error, unless others wait for it.
func (m *mirror) write(ctx context.Context, name string, content io.ReadSeeker) error {
	err := m.objects.Put(ctx, name, content)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	size, _ := content.Seek(0, io.SeekCurrent)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	switch {
	case err == nil:
		m.there[name] = size
		delete(m.useless, name)
	case errors.Is(err, fs.ErrPermission) && !m.shared:
		if !m.readOnly {
			m.readOnly = true
			m.warn(fmt.Sprintf("%s can be read only: what this run makes stays in its own cache (%v)", m.objects.Address, err))
		}
		return errNotPut
	}
	return err
}

// lookUp finds the units that are not in the cache in the store. What they made there stays until somebody reads it.
func (m *mirror) lookUp(ctx context.Context, units []*unit) error {
	if m.off() {
		return nil
	}
	lookups := pool.New().WithContext(ctx).WithMaxGoroutines(16).WithCancelOnError().WithFirstError()
	for _, u := range units {
		if u.present || u.twin != nil {
			continue
		}
		lookups.Go(func(ctx context.Context) error {
			n, ok, err := m.find(ctx, u)
			if ok {
				u.stored = true
				u.take(n)
			}
			return err
		})
	}
	return lookups.Wait()
}

// catchUp puts a unit into the store that is in the cache since there was no store, or it could not be reached.
func (m *mirror) catchUp(ctx context.Context, u *unit) error {
	if u.step.model != nil && len(u.note.Model) == 0 { // of an older ferry
		return nil
	}
	if _, err := m.list(ctx, u.key); err != nil {
		return err
	}
	return m.put(ctx, u.key, done, u.note)
}

// keep writes the notes of units that were in the store and have been read from there as a whole: the cache has them now.
func (r *Run) keep() error {
	if r.store.mirror == nil {
		return nil
	}
	for _, u := range r.units {
		if u.step.Section == "models" || u.step.Section == "sinks" || u.twin != nil || !u.isMade() || !r.store.complete(u.key, u.note, u.step.model != nil) {
			continue
		}
		if isThere(filepath.Join(r.store.folder(u.key), done+".json"), 0) {
			continue
		}
		if err := r.store.write(u.key, done, u.note); err != nil {
			return err
		}
	}
	return nil
}
