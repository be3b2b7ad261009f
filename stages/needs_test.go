package stages

import (
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/schemas"
)

// TestTrainingNeeds compares with the matrices of an encoder of that size: 16 bytes for each number of the layers that are trained, 4
// for one of the word embeddings.
func TestTrainingNeeds(t *testing.T) {
	config := encoder.NewConfig(encoder.XLMRoBERTa, 24, 3, 2, 40, 1000, 16)
	words, layer := 0, 0
	for _, p := range encoder.New(config, 1).Parameters() {
		switch {
		case strings.Contains(p.Name, "word_embeddings"):
			words = len(p.Data)
		case strings.Contains(p.Name, "layer.0.") && strings.HasSuffix(p.Name, "weight") && len(p.Data) > config.FFN:
			layer += len(p.Data)
		}
	}
	in := Sizes{Types: Types{Models: map[string]model.Info{"student": model.NewInfo(config)}}}
	for name, c := range map[string]struct {
		change func(*Distill)
		want   int
	}{
		"all":               {func(*Distill) {}, 4*words + 3*16*layer},
		"frozen words":      {func(d *Distill) { d.FreezeEmbeddings = true }, 3 * 16 * layer},
		"two frozen layers": {func(d *Distill) { d.FreezeLayers = 2 }, 4*words + 16*layer},
		"nine":              {func(d *Distill) { d.FreezeLayers = 9 }, 4 * words},
		"adapters":          {func(d *Distill) { d.Adapter.Adapter = "lora" }, 0},
	} {
		d := NewDistill()
		if c.change(d); words == 0 || d.Needs(in).Bytes != int64(c.want) {
			t.Errorf("%s: %d bytes, want %d", name, d.Needs(in).Bytes, c.want)
		}
	}
}

// TestNeeds is never more than there are rows for, and 0 as long as nothing is known.
func TestNeeds(t *testing.T) {
	vectors := []schemas.TableType{{Schema: schemas.Vectors(4, false)}}
	search, shuffle, deduplicate := NewSearch(), NewShuffle(), NewDeduplicate()
	for name, c := range map[string]struct {
		stage interface{ Needs(Sizes) Need }
		rows  map[string]int64
		bytes int64
		want  int64
	}{
		"unknown":         {search, nil, 0, 0},
		"few documents":   {search, map[string]int64{"queries": 10, "documents": 3}, 0, 10 * (16 + 3*40)},
		"many documents":  {search, map[string]int64{"queries": 10, "documents": 1e9}, 0, 10 * (16 + 100*40)},
		"candidates":      {NewSearchCompressed(), map[string]int64{"queries": 10, "documents": 1e9}, 0, 10 * 1000 * 40},
		"a small table":   {shuffle, nil, 1000, 1000},
		"a large table":   {shuffle, nil, 1 << 40, 256 << 20},
		"rows":            {deduplicate, map[string]int64{"from": 100}, 0, 6000},
		"a window":        {deduplicate, map[string]int64{"from": 1e9}, 0, 60e6},
		"near duplicates": {&Deduplicate{Near: 0.8, Window: 10}, map[string]int64{"from": 1e9}, 0, 10 << 10},
	} {
		in := Sizes{Types: Types{Tables: map[string][]schemas.TableType{"queries": vectors}}, Rows: c.rows, Bytes: map[string]int64{"from": c.bytes}}
		if got := c.stage.Needs(in); got.Bytes != c.want || got.What == "" || got.Remedy == "" {
			t.Errorf("%s: %+v, want %d bytes", name, got, c.want)
		}
	}
}
