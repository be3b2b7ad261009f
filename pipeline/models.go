package pipeline

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/sources/mapped"
)

// models keeps the models that are in use, each opened once even if it has several names, and forgets them when the last
// user is done.
type models struct {
	run   *Run
	mutex sync.Mutex
	inUse map[key]*openModel
}

type openModel struct {
	users int
	once  sync.Once
	model *model.Model
	err   error
}

func newModels(r *Run) *models { return &models{run: r, inUse: map[key]*openModel{}} }

// open waits until the unit's model is there and returns it; release must follow.
func (m *models) open(ctx context.Context, u *unit) (*model.Model, error) {
	if err := until(ctx, u.ready); err != nil {
		return nil, err
	}
	m.mutex.Lock()
	entry := m.inUse[u.key]
	if entry == nil {
		entry = &openModel{}
		m.inUse[u.key] = entry
	}
	entry.users++
	m.mutex.Unlock()
	entry.once.Do(func() { entry.model, entry.err = m.load(ctx, u) })
	if entry.err != nil {
		m.release(u)
		return nil, entry.err
	}
	return entry.model, nil
}

func (m *models) load(ctx context.Context, u *unit) (*model.Model, error) {
	if c, ok := u.step.component.(modelSource); ok {
		arriving := &meter{reporter: m.run.options.Reporter, step: u.name()}
		opened, err := c.Open(ctx, u.step.seedOr(m.run.pipeline.Seed), arriving.progress)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", u.name(), err)
		}
		return opened, nil
	}
	if err := m.run.store.fetchAll(ctx, u.key, note{Model: u.maker().note.Model}); err != nil {
		return nil, fmt.Errorf("opening the model of %s: %w", u.name(), err)
	}
	folder := m.run.store.model(u.key)
	opened, err := model.Open(mapped.FS(os.DirFS(folder)))
	if err != nil {
		return nil, fmt.Errorf("opening the model of %s in %s: %w", u.name(), folder, err)
	}
	return opened, nil
}

func (m *models) release(u *unit) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	entry := m.inUse[u.key]
	if entry.users--; entry.users == 0 {
		delete(m.inUse, u.key)
	}
}
