package pipeline

import (
	"maps"
	"path/filepath"
	"testing"

	"github.com/ferry-clir/ferry/stages"
)

// TestPreset checks that a preset sets what is not written, wherever its key stands, and that what is written wins.
func TestPreset(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "pipeline.yaml")
	put(t, file, `
sources: {bitext: {kind: bitext, path: "sample:bitext/phrasebook.{source}-{target}", languages: [en, sw]}}
models: {m: {kind: random, tokenizer: "sample:tokenizer.json"}}
stages:
  pairs: {kind: tokenize, from: bitext, teacher: m, student: m}
  preset: {kind: distill, preset: make-multilingual-like, from: pairs, teacher: m, student: m}
  written: {kind: distill, batch: 8, losses: {ot: 2}, from: pairs, teacher: m, student: m, preset: make-multilingual-like}
sinks:
  preset: {kind: model, from: preset, path: out/preset}
  written: {kind: model, from: written, path: out/written}
`)
	p, err := Load(file, nil, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*stages.Distill{}
	for _, s := range p.Steps {
		if d, ok := s.component.(*stages.Distill); ok {
			found[s.Name] = d
		}
	}
	preset, written := found["preset"], found["written"]
	if preset.Sides != "both" || preset.Batch != 64 || preset.LearningRate != 2e-5 || preset.Centre || !maps.Equal(preset.Losses, map[string]float64{"pooled_mse": 1}) {
		t.Errorf("the preset gives %+v", preset)
	}
	if written.Batch != 8 || written.LearningRate != 2e-5 || !maps.Equal(written.Losses, map[string]float64{"ot": 2}) {
		t.Errorf("with keys written, the preset gives %+v", written)
	}
}
