package tokenizer

import (
	"bytes"
	"errors"
	"fmt"
)

// cutMember returns the value of a member of model, nil if there is none, and the file with null in its place:
// encoding/json takes ten times as long over the 250,000 pieces of XLM-R, more than anything else when a model is opened.
func cutMember(file []byte, name string) (value, rest []byte) {
	c := cursor{data: file}
	if !c.enter("model") || !c.enter(name) {
		return nil, file
	}
	c.next()
	start := c.at
	if !c.skip() {
		return nil, file
	}
	rest = append(append(make([]byte, 0, len(file)-(c.at-start)+4), file[:start]...), "null"...)
	return file[start:c.at], append(rest, file[c.at:]...)
}

// parseVocabulary reads pieces with their scores, [["▁the", -4.2], ...], if it is listed, or with their ids,
// {"the": 17, ...}. There are none if data is the other of the two.
func parseVocabulary(data []byte, listed bool) (pieces []string, values []float64, err error) {
	c := cursor{data: data}
	first, between, last := byte('{'), byte(':'), byte('}')
	if listed {
		first, between, last = '[', ',', ']'
	}
	if !c.take(first) {
		return nil, nil, nil
	}
	about := len(data) / 24                                       // entries
	text, ends := make([]byte, 0, 8*about), make([]int, 0, about) // the text of all pieces, so that they need no memory each
	values = make([]float64, 0, about)
	for !c.take(last) {
		ok := len(ends) == 0 || c.take(',')
		c.next()
		start := c.at
		ok = ok && (!listed || c.take('[')) && c.text(&text) && c.take(between)
		value, isNumber := c.number()
		if !ok || !isNumber || listed && !c.take(']') {
			return nil, nil, fmt.Errorf("vocab: entry %d, %.60s, is not a pair of piece and number", len(ends), data[start:])
		}
		values, ends = append(values, value), append(ends, len(text))
		if len(ends) > maxPieces || len(text) > maxText {
			return nil, nil, fmt.Errorf("vocab: it has more than %d pieces or %d bytes of text, which are the limits", maxPieces, maxText)
		}
	}
	pieces = make([]string, len(ends))
	all, begin := string(text), 0
	for i, end := range ends {
		pieces[i] = all[begin:end]
		begin = end
	}
	return pieces, values, nil
}

// parseMerges reads the pairs of pieces that BPE merges, in the order of their rank: ["t h", "th e"] in older files,
// [["t", "h"], ["th", "e"]] in newer ones.
func parseMerges(data []byte) ([][2]string, error) {
	c := cursor{data: data}
	if !c.take('[') {
		return nil, errors.New("merges, as a list, are needed")
	}
	merges := make([][2]string, 0, min(len(data)/16, maxMerges))
	for !c.take(']') {
		ok := len(merges) == 0 || c.take(',')
		c.next()
		start := c.at
		var left, right []byte
		if c.take('[') {
			ok = ok && c.text(&left) && c.take(',') && c.text(&right) && c.take(']')
		} else {
			ok = ok && c.text(&left)
			if space := bytes.IndexByte(left, ' '); space >= 0 {
				left, right = left[:space], left[space+1:]
			}
			ok = ok && !bytes.Contains(right, []byte(" "))
		}
		if !ok || len(left) == 0 || len(right) == 0 {
			return nil, fmt.Errorf("merges: entry %d, %.60s, is not a pair of pieces", len(merges), data[start:])
		}
		if len(merges) == maxMerges {
			return nil, fmt.Errorf("merges: there are more than %d, which is the limit", maxMerges)
		}
		merges = append(merges, [2]string{string(left), string(right)})
	}
	return merges, nil
}
