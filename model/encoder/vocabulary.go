package encoder

import (
	"encoding/json"
	"runtime"
	"slices"
	"strings"
)

// vocabularyHeads are the tensors of language modelling heads that have a row a token.
var vocabularyHeads = []string{
	"lm_head.bias", "lm_head.decoder.weight", "lm_head.decoder.bias",
	"cls.predictions.bias", "cls.predictions.decoder.weight", "cls.predictions.decoder.bias",
}

// WithVocabulary returns an encoder over another vocabulary, which shares all other weights with e. Rows has an entry for each
// of its ids: the ids of e whose embeddings it has the mean of, one for a token that stays as it is. The same is done to the
// tensors of a language modelling head. Ids of special tokens that Config.JSON names, such as pad_token_id, follow.
func (e *Encoder) WithVocabulary(rows [][]int32) *Encoder {
	defer runtime.KeepAlive(e)
	c := &Encoder{Config: e.Config, weights: e.weights, version: 1, viewed: e.viewed, prefix: e.prefix, unexpected: e.unexpected}
	c.weights.layers = slices.Clone(e.weights.layers)
	c.weights.word = meanRows(e.weights.word, e.Config.Hidden, rows)
	c.Config.Vocabulary = len(rows)
	c.Config.source = renumber(e.Config.source, rows)
	for _, p := range e.kept {
		if slices.Contains(vocabularyHeads, p.Name) && len(p.Shape) > 0 && p.Shape[0] == e.Config.Vocabulary {
			width := p.Elements() / p.Shape[0]
			p.Data = meanRows(p.Data, width, rows)
			p.Shape = append([]int{len(rows)}, p.Shape[1:]...)
		}
		c.kept = append(c.kept, p)
	}
	return c
}

// meanRows returns a table whose row i is the mean of those rows of table, each of that width, that rows[i] names.
func meanRows(table []float32, width int, rows [][]int32) []float32 {
	made := make([]float32, len(rows)*width)
	sum := make([]float64, width)
	for i, from := range rows {
		row := made[i*width : (i+1)*width]
		if len(from) == 1 {
			copy(row, table[int(from[0])*width:])
			continue
		}
		clear(sum)
		for _, id := range from {
			for j, x := range table[int(id)*width : (int(id)+1)*width] {
				sum[j] += float64(x)
			}
		}
		for j := range row {
			row[j] = float32(sum[j] / float64(len(from)))
		}
	}
	return made
}

// renumber changes the ids of special tokens in a config.json.
func renumber(source string, rows [][]int32) string {
	var keys map[string]json.RawMessage
	if json.Unmarshal([]byte(source), &keys) != nil { // there is none
		return source
	}
	for key, value := range keys {
		var id *int32
		if !strings.HasSuffix(key, "_token_id") || json.Unmarshal(value, &id) != nil || id == nil {
			continue
		}
		for now, from := range rows {
			if len(from) == 1 && from[0] == *id {
				keys[key], _ = json.Marshal(now) // a number cannot fail
			}
		}
	}
	data, _ := json.Marshal(keys) // what was JSON
	return string(data)
}
