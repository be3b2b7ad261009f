package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/pipeline/content"
)

// States of training lie in the store where the result will, named by their steps and content, each with a note, which comes last.
// Two who train the same, as after a machine was thought to be lost, do not spoil each other's: who comes next takes the furthest.

// A storedState is the note of one.
type storedState struct {
	advance
	content.Sum
}

// statePrefix is what all names of states of a key begin with.
func statePrefix(k key) string { return mirrorFolder + string(k) + "/checkpoint-" }

// name is that of the state, in the order of steps; that of its note ends in .json.
func (s storedState) name(k key) string {
	return fmt.Sprintf("%s%010d-%.16s", statePrefix(k), s.Steps, s.SHA256)
}

var stateNote = regexp.MustCompile(`/checkpoint-\d{10}-[0-9a-f]{16}\.json$`)

// getState gets the state of most steps as a file, unless it is no further than the one that is there, and returns how far the file
// is then. Training can do without: of what cannot be got it warns.
func (m *mirror) getState(ctx context.Context, k key, file string, there advance) (advance, error) {
	found, err := m.objects.List(ctx, statePrefix(k))
	if err != nil && ctx.Err() == nil {
		m.warn(fmt.Sprintf("%v; training goes on from what is on this machine", err))
	}
	m.mutex.Lock()
	for _, o := range found {
		m.there[o.Name] = o.Size
	}
	m.mutex.Unlock()
	for _, o := range slices.Backward(found) {
		if ctx.Err() != nil {
			break
		}
		if !stateNote.MatchString(o.Name) {
			continue
		}
		s, problem, err := m.readState(ctx, o.Name)
		switch {
		case problem != "":
			err = fmt.Errorf("%s/%s %s", m.objects.Address, o.Name, problem)
		case err == nil && s.Steps <= there.Steps:
			return there, nil
		case err == nil:
			err = m.getFile(ctx, file, s.name(k), s.Sum, func(err error) error { return err })
		}
		if err == nil {
			return s.advance, nil
		}
		if ctx.Err() == nil {
			m.warn(fmt.Sprintf("a state of training cannot be used, and it begins from an older one, or anew: %v", err))
		}
	}
	return there, context.Cause(ctx)
}

// readState reads the note of a state, and says what is wrong with it if it is damaged.
func (m *mirror) readState(ctx context.Context, note string) (s storedState, problem string, err error) {
	data, err := m.objects.Read(ctx, note)
	if err == nil {
		s, problem = unseal[storedState](data)
	}
	return s, problem, err
}

// putState puts a state, and removes those that are known besides, which it is further than or that were of no use.
func (m *mirror) putState(ctx context.Context, k key, f *os.File, a advance) error {
	if m.off() {
		return nil
	}
	c, err := content.Of(ctx, f, nil)
	if err != nil {
		return err
	}
	s := storedState{a, c}
	name := s.name(k)
	if m.has(name+".json", 0) {
		return nil
	}
	m.mutex.Lock()
	m.there[name], m.there[name+".json"] = 0, 0 // also what arrives after this has given up is to be removed
	m.mutex.Unlock()
	if err = m.write(ctx, name, f); err == nil {
		err = m.putNote(ctx, name+".json", s)
	}
	if errors.Is(err, errNotPut) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("a state of training is not in the store: %w", err)
	}
	return m.removeStates(ctx, k, name)
}

// removeStates removes the states of a key that are known, notes first, but for the one of that name.
func (m *mirror) removeStates(ctx context.Context, k key, but string) error {
	var names []string
	m.mutex.Lock()
	for name := range m.there {
		if strings.HasPrefix(name, statePrefix(k)) && strings.TrimSuffix(name, ".json") != but {
			names = append(names, name)
		}
	}
	m.mutex.Unlock()
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	for _, name := range names {
		if err := m.objects.Remove(ctx, name); err != nil {
			return err
		}
		m.mutex.Lock()
		delete(m.there, name)
		m.mutex.Unlock()
	}
	return nil
}
