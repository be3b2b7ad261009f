package model

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"slices"
)

// lineageFile is ferry's own among those of a model's folder.
const lineageFile = "ferry.json"

// lineage is what it holds.
type lineage struct {
	Ancestors []string `json:"ancestors"`
}

// Fingerprint tells a model from others by its weights and its tokenizer, wherever they are stored.
func (m *Model) Fingerprint() string {
	sum := sha256.New()
	sum.Write(m.files[tokenizerFile])
	m.Encoder.Fingerprint(sum)
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// Lineage is the model's fingerprint, and then those of the models whose space its vectors are meant to be in: that it was trained
// from, or distilled from. Vectors of two models may be compared if their lineages meet.
func (m *Model) Lineage() []string { return append([]string{m.Fingerprint()}, m.Ancestors...) }

// DescendedFrom returns the model as one whose vectors are meant to be in the space of others.
func (m *Model) DescendedFrom(others []*Model) *Model {
	copied := *m
	copied.Ancestors = nil
	for _, other := range others {
		for _, ancestor := range other.Lineage() {
			if !slices.Contains(copied.Ancestors, ancestor) {
				copied.Ancestors = append(copied.Ancestors, ancestor)
			}
		}
	}
	return &copied
}

// readLineage reads what ferry noted when it made the model.
func (i *Info) readLineage(folder fs.FS) error {
	var noted lineage
	_, err := readJSON(folder, lineageFile, &noted)
	i.Ancestors = noted.Ancestors
	return err
}
