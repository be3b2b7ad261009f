package pipeline

import (
	"context"
	"testing"

	"github.com/ferry-clir/ferry/model"
)

// counted is a model that counts how often it is opened.
type counted struct{ opened int }

func (*counted) Files() ([]string, error) { return nil, nil }

func (*counted) Inspect() (model.Info, error) { return model.Info{}, nil }

func (c *counted) Open(context.Context, uint64, func(done, total int64)) (*model.Model, error) {
	c.opened++
	return &model.Model{}, nil
}

// TestModelsShared checks that a model with two names is opened once while somebody uses it.
func TestModelsShared(t *testing.T) {
	m := newModels(&Run{pipeline: &Pipeline{}})
	var source counted
	ready := make(chan struct{})
	close(ready)
	teacher := &unit{key: "the same", ready: ready, step: &Step{component: &source}}
	student := &unit{key: "the same", ready: ready, step: &Step{component: &source}}
	open := func(u *unit) *model.Model {
		t.Helper()
		opened, err := m.open(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		return opened
	}
	if open(teacher) != open(student) || source.opened != 1 {
		t.Errorf("one model was opened %d times", source.opened)
	}
	m.release(teacher)
	open(student)
	m.release(student)
	m.release(student)
	if len(m.inUse) != 0 {
		t.Error("a model that nobody uses is kept")
	}
	open(teacher)
	if source.opened != 2 {
		t.Errorf("after that it was opened %d times", source.opened)
	}
}
