package sources

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// sameObject compares scanObject with encoding/json: it may leave an object to it, but never sees another one.
func sameObject(t *testing.T, line []byte) (scanned bool) {
	got := map[string]string{}
	scanned = scanObject(line, func(key, value []byte) { got[string(key)] = string(value) })
	if !scanned {
		return false
	}
	var want map[string]json.RawMessage
	if err := json.Unmarshal(line, &want); err != nil || len(got) != len(want) {
		t.Fatalf("%q: %d keys, want %d, %v", line, len(got), len(want), err)
	}
	for key, value := range want {
		if got[key] != string(value) {
			t.Fatalf("%q: %s is %s, want %s", line, key, got[key], value)
		}
		if text, err := parseText(value); err == nil && value[0] == '"' {
			var s string
			if err := json.Unmarshal(value, &s); err != nil || s != string(text) {
				t.Fatalf("%s is the text %q, want %q, %v", value, text, s, err)
			}
		}
	}
	return true
}

var objects = []string{
	`{}`, `{"a":1}`, ` { "id" : "x" , "text" : "\u0e01 \"quoted\" \\" , "n" : -1.5e+3 } `, `{"a":{"b":[1,{"c":"}"}]},"d":null,"a":true}`,
	`{"a":"b\\"}`, `{"a":"b\"}`, `{"a":[]}`, `{"a":1,}`, `{"a" "b"}`, `{"a":tru}`, `{"\u0061":1}`, `{"a":01}`, `[1]`, `null`, `{"a":1}}`, "{\"a\":\"\t\"}",
}

func FuzzObject(f *testing.F) {
	for _, seed := range objects {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if utf8.Valid(line) {
			sameObject(t, line)
		}
	})
}

// TestObject changes good objects a little, many times.
func TestObject(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{`"`, `\`, `{`, `}`, `[`, `]`, `,`, `:`, ` `, "\t", `1`, `-`, `e`, `null`, `true`, `"a"`, `"a":`, `\u0041`, `\ud800`, "\u0e01", "\x01", ``}
	scanned := 0
	for range 200_000 {
		line := objects[r.IntN(len(objects))]
		for range r.IntN(4) {
			at, size := r.IntN(len(line)+1), r.IntN(3)
			line = line[:at] + pieces[r.IntN(len(pieces))] + line[min(len(line), at+size):]
		}
		if line = strings.ToValidUTF8(line, "?"); sameObject(t, []byte(line)) {
			scanned++
		}
	}
	if scanned < 20_000 {
		t.Errorf("%d objects were scanned", scanned)
	}
}
