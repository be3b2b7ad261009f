package tokenizer

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"testing"
)

func TestCutMember(t *testing.T) {
	for _, c := range []struct{ file, value, rest string }{
		{`{"model":{"vocab":[["a",1]]}}`, `[["a",1]]`, `{"model":{"vocab":null}}`},
		{` { "x" : {"vocab": [1], "}": "\\\"]{"} , "model" : {"type":null,"n":-1.5e3, "vocab" : {"]\\":0,"\"":1} ,"z":[]}, "y":[]} `,
			`{"]\\":0,"\"":1}`, ` { "x" : {"vocab": [1], "}": "\\\"]{"} , "model" : {"type":null,"n":-1.5e3, "vocab" : null ,"z":[]}, "y":[]} `},
		{`{"model":{"vocab":7}}`, `7`, `{"model":{"vocab":null}}`},
		{`{"model":{"vocab":[["a",1]`, "", `{"model":{"vocab":[["a",1]`},
		{`{"model":{"vocab":"a`, "", `{"model":{"vocab":"a`},
		{`{"model":{"vocab":]}`, "", `{"model":{"vocab":]}`},
		{`{"model":{"vocab":`, "", `{"model":{"vocab":`},
		{`{"model":[{"vocab":{}}]}`, "", `{"model":[{"vocab":{}}]}`},
		{`{"vocab":{}}`, "", `{"vocab":{}}`},
		{`[]`, "", `[]`},
		{``, "", ``},
	} {
		value, rest := cutMember([]byte(c.file), "vocab")
		if string(value) != c.value || string(rest) != c.rest {
			t.Errorf("%s gives %s and %s", c.file, value, rest)
		}
	}
}

// FuzzVocabulary compares with encoding/json: what is accepted, and what it is then.
func FuzzVocabulary(f *testing.F) {
	for _, seed := range []string{
		`[["\u2581the",-4.25],["\ud83d\ude00\n",0],["ä\"",1e-3], ["\ud800", 1E+2]]`, `[ [ "a" , 0.5 ] ]`, `[]`, `[["a",01]]`, `[["a",+1]]`,
		`[["a",1.]]`, `[["a",.5]]`, `[["a",-]]`, `[["a",1]],`, `[["a",1],]`, `[["a" 1]]`, `[["a",1e]]`, `[["a",1e999]]`, "[[\"\t\",1]]", "[[\"\xff\",1]]",
		"[[\"a\",\x001]]", "\x01", "[\x01\"a\",1]]", `{"a":1,"##b":2}`, `{"a":1,"a":2}`, `{}`, `{"a":1`, `{"a"}`, `{"a":"b"}`, `[["a",1]`, `[["a]`, `[["\x",1]]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		value, _ := cutMember(slices.Concat([]byte(`{"model":{"vocab":`), data, []byte(`}}`)), "vocab")
		if !bytes.Equal(value, bytes.TrimSpace(data)) {
			return // it is not one value
		}
		var list [][]any
		wantList := json.Unmarshal(value, &list) == nil && list != nil
		for _, pair := range list {
			wantList = wantList && len(pair) == 2 && isPair(pair[0], pair[1])
		}
		pieces, scores, err := parseVocabulary(value, true)
		if isList := err == nil && pieces != nil; isList != wantList {
			t.Fatalf("%q is a list: %v, wanted %v, %v", data, isList, wantList, err)
		}
		for i, piece := range pieces {
			if !reflect.DeepEqual(list[i], []any{piece, scores[i]}) {
				t.Fatalf("%q: entry %d is %q, %v", data, i, piece, scores[i])
			}
		}
		var ids map[string]any
		wantMap := json.Unmarshal(value, &ids) == nil && ids != nil
		for piece, id := range ids {
			wantMap = wantMap && isPair(piece, id)
		}
		pieces, numbers, err := parseVocabulary(value, false)
		if isMap := err == nil && pieces != nil; isMap != wantMap {
			t.Fatalf("%q is a map: %v, wanted %v, %v", data, isMap, wantMap, err)
		}
		for i, piece := range pieces {
			if ids[piece] != numbers[i] && !slices.Contains(pieces[i+1:], piece) {
				t.Fatalf("%q: %q is %v", data, piece, numbers[i])
			}
		}
	})
}

func isPair(piece, number any) bool {
	_, isText := piece.(string)
	_, isNumber := number.(float64)
	return isText && isNumber
}
