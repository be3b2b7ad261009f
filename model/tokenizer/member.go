package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// span returns where the value of a member stands that is reached through others: "model", "vocab" is that of vocab in model.
func span(file []byte, path ...string) (from, to int, ok bool) {
	c := cursor{data: file}
	for _, name := range path {
		if !c.enter(name) {
			return 0, 0, false
		}
	}
	c.next()
	from = c.at
	ok = c.skip()
	return from, c.at, ok
}

// changeMember replaces the value of a member, if it is there, by what change makes of it. Change is given a function that
// turns an old id, a json.Number, into its new one.
func changeMember(file []byte, ids map[int32]int32, change func(value any, renumber func(any) any) any, path ...string) ([]byte, error) {
	from, to, ok := span(file, path...)
	if !ok || absent(file[from:to]) {
		return file, nil
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(file[from:to]))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("%v: %w", path, err)
	}
	var wrong error
	value = change(value, func(old any) any {
		if n, ok := old.(json.Number); ok {
			if id, err := n.Int64(); err == nil {
				if id, ok := ids[int32(id)]; ok {
					return id
				}
			}
		}
		wrong = fmt.Errorf("%v: there is no token %v", path, old)
		return old
	})
	if wrong != nil {
		return nil, wrong
	}
	return slices.Concat(file[:from], marshal(value), file[to:]), nil
}

// marshal is the JSON of a value that was decoded from some.
func marshal(value any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic("tokenizer: what was JSON is none any more")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func changeID(value any, renumber func(any) any) any { return renumber(value) }

// changeTemplate renumbers the special tokens of a post_processor, which may be a sequence of several.
func changeTemplate(value any, renumber func(any) any) any {
	f, _ := value.(map[string]any)
	for _, name := range []string{"cls", "sep"} {
		if pair, ok := f[name].([]any); ok && len(pair) == 2 {
			pair[1] = renumber(pair[1])
		}
	}
	tokens, _ := f["special_tokens"].(map[string]any)
	for _, token := range tokens {
		t, _ := token.(map[string]any)
		list, _ := t["ids"].([]any)
		for i := range list {
			list[i] = renumber(list[i])
		}
	}
	parts, _ := f["processors"].([]any)
	for _, part := range parts {
		changeTemplate(part, renumber)
	}
	return value
}
