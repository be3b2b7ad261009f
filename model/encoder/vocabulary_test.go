package encoder

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder/safetensors"
)

// TestWithVocabulary gives an encoder tokens 3, 0, the mean of 1 and 2, and 1: embeddings and heads follow, all else stays, and
// hidden states are those of the old ids to the bit.
func TestWithVocabulary(t *testing.T) {
	const v, h = 5, 8
	plain := New(NewConfig(BERT, h, 2, 2, 8, v, 16), 3)
	arrays := arraysOf(t, save(t, plain))
	head := []float32{0, 1, 2, 3, 4}
	arrays = append(arrays, safetensors.Array{Name: "cls.predictions.bias", Shape: []int{v}, Data: head},
		safetensors.Array{Name: "cls.predictions.transform.dense.bias", Shape: []int{h}, Data: make([]float32, h)})
	c, err := ParseConfig([]byte(`{"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 8,
		"vocab_size": 5, "max_position_embeddings": 16, "pad_token_id": 3, "mask_token_id": 1, "bos_token_id": null, "other_id": 3}`))
	if err != nil {
		t.Fatal(err)
	}
	e, err := loadArrays(t, c, arrays)
	if err != nil {
		t.Fatal(err)
	}
	changed := e.WithVocabulary([][]int32{{3}, {0}, {1, 2}, {1}})
	want := append(append(slices.Clone(e.weights.word[3*h:4*h]), e.weights.word[:h]...), make([]float32, h)...)
	for j := range h {
		want[2*h+j] = float32((float64(e.weights.word[h+j]) + float64(e.weights.word[2*h+j])) / 2)
	}
	if want = append(want, e.weights.word[h:2*h]...); !slices.Equal(changed.weights.word, want) {
		t.Errorf("embeddings are %v, want %v", changed.weights.word, want)
	}
	for _, a := range arraysOf(t, save(t, changed)) {
		if a.Name == "cls.predictions.bias" && !slices.Equal(a.Data, []float32{3, 0, 1.5, 1}) {
			t.Errorf("the head's bias is %v", a.Data)
		}
		if a.Name == "cls.predictions.transform.dense.bias" && len(a.Data) != h {
			t.Errorf("the head's transform is %v", a.Data)
		}
	}
	var keys map[string]*int
	if err := json.Unmarshal(changed.Config.JSON(), &keys); err == nil || keys["vocab_size"] == nil { // model_type is no number
		t.Fatal(err, keys)
	}
	if *keys["vocab_size"] != 4 || *keys["pad_token_id"] != 0 || *keys["mask_token_id"] != 3 || *keys["other_id"] != 3 || keys["bos_token_id"] != nil {
		t.Errorf("the configuration is %s", changed.Config.JSON())
	}
	one := slices.Clone(e.Forward(NewWorkspace(), Batch{IDs: []int32{3, 1, 0, 1}, Offsets: []int32{0, 4}}))
	if other := changed.Forward(NewWorkspace(), Batch{IDs: []int32{0, 3, 1, 3}, Offsets: []int32{0, 4}}); !slices.Equal(one, other) {
		t.Error("hidden states differ")
	}
}
