package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
)

// errSpoiled is why something could not be got from the store that should be there. What has it as a part can be made again.
var errSpoiled = errors.New("to do without the store: --set store=")

const notAsPut = "has not the content that it was put there with"

// spoil takes note that an object is of no use for that reason, and warns once of each result. It returns the error of who wants it.
func (m *mirror) spoil(name, problem string) error {
	k := key(strings.Split(name, "/")[1])
	m.mutex.Lock()
	maps.DeleteFunc(m.there, func(other string, _ int64) bool { return strings.HasPrefix(other, mirrorFolder+string(k)+"/") })
	m.useless[name] = true
	_, told := m.spoiled[k]
	if !told {
		m.spoiled[k] = false
	}
	m.mutex.Unlock()
	if !told {
		m.warn(fmt.Sprintf("%s/%s %s; this run makes it again", m.objects.Address, name, problem))
	}
	return fmt.Errorf("getting %s/%s, which %s: %w", m.objects.Address, name, problem, errSpoiled)
}

// discard removes an object that is damaged, and says whether that went well.
func (m *mirror) discard(ctx context.Context, name string) string {
	if err := m.objects.Remove(ctx, name); err != nil {
		return fmt.Sprintf("somebody who may write there has to remove it, with `ferry verify --remove %s` (%v)", m.objects.Address, err)
	}
	return "it has been removed from there"
}

// takeSpoiled returns what has been found spoiled since it was last asked, each once.
func (m *mirror) takeSpoiled() map[key]bool {
	if m == nil {
		return nil
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	taken := map[key]bool{}
	for k, before := range m.spoiled {
		if !before {
			m.spoiled[k], taken[k] = true, true
		}
	}
	return taken
}

// isSpoiled tells whether something of a key has been found spoiled.
func (m *mirror) isSpoiled(k key) bool {
	if m == nil {
		return false
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	_, ok := m.spoiled[k]
	return ok
}

// tellHidden warns once that there are results that this user may not read.
func (m *mirror) tellHidden(err error) {
	m.mutex.Lock()
	told := m.hidden
	m.hidden = true
	m.mutex.Unlock()
	if !told {
		m.warn(fmt.Sprintf("not all that is in %s may be read by this user, and is made again; whoever put it there should make it readable (%v)", m.objects.Address, err))
	}
}
