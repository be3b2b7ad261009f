package model

import (
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
)

// TestLineage: a model is the same wherever it is stored, another after one weight has changed, and remembers whom it descends from.
func TestLineage(t *testing.T) {
	m := tiny(t)
	stored, err := Open(write(t, m))
	if err != nil {
		t.Fatal(err)
	}
	if stored.Fingerprint() != m.Fingerprint() || len(stored.Lineage()) != 1 {
		t.Errorf("stored, it is %v, and was %v", stored.Lineage(), m.Lineage())
	}
	for _, p := range m.Encoder.Parameters() {
		other := m.Encoder.Clone()
		for _, q := range other.Parameters() {
			if q.Name == p.Name {
				q.Data[len(q.Data)-1]++
			}
		}
		if m.With(other).Fingerprint() == m.Fingerprint() {
			t.Errorf("with another %s it is the same", p.Name)
		}
	}
	trained := m.With(encoder.New(m.Config, 8)).DescendedFrom([]*Model{m, m})
	stored, err = Open(write(t, trained))
	if err != nil {
		t.Fatal(err)
	}
	again := stored.DescendedFrom([]*Model{stored})
	if want := []string{trained.Fingerprint(), m.Fingerprint()}; !slices.Equal(stored.Lineage(), want) || !slices.Equal(again.Ancestors, want) {
		t.Errorf("lineages are %v, and of what descends from that %v, want %v", stored.Lineage(), again.Ancestors, want)
	}
}
