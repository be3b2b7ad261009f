package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// An Edit is a tokenizer.json whose vocabulary was changed, and where its ids come from.
type Edit struct {
	File []byte
	// Rows has an entry for each id: the ids of the tokenizer before, one for a token that was there, or those of the pieces
	// that a new one replaces.
	Rows [][]int32
}

// NewIDs returns the new id of each old one that is left.
func (e *Edit) NewIDs() map[int32]int32 {
	ids := map[int32]int32{}
	for id, from := range e.Rows {
		if len(from) == 1 {
			ids[from[0]] = int32(id)
		}
	}
	return ids
}

// entry is a piece of the vocabulary as it stands in the file: a score or id with its piece.
type entry struct {
	id   int32
	text []byte // ["▁the", -4.2], or "the"
}

// editor changes a tokenizer.json and leaves alone what it need not touch.
type editor struct {
	tokenizer *Tokenizer
	file      []byte
	listed    bool // the vocabulary is a list of pieces with scores
	entries   []entry
	extra     []int32 // ids of added tokens that are not in the vocabulary, in order
}

// errKind is that of models whose vocabulary cannot be changed.
var errKind = errors.New("only Unigram and WordPiece vocabularies can be changed; the merges of a BPE model build on each other's pieces")

func newEditor(t *Tokenizer, file []byte) (*editor, error) {
	e := &editor{tokenizer: t, file: file}
	switch t.kind().(type) {
	case *unigram:
		e.listed = true
	case *wordPiece:
	default:
		return nil, errKind
	}
	from, to, ok := span(file, "model", "vocab")
	if !ok {
		return nil, errors.New("it has no model.vocab")
	}
	if err := e.readEntries(file[from:to]); err != nil {
		return nil, err
	}
	for id := range t.extra {
		e.extra = append(e.extra, id)
	}
	slices.Sort(e.extra)
	return e, nil
}

// readEntries cuts the vocabulary, which Parse has read without an error, into entries in the order of their ids.
func (e *editor) readEntries(vocabulary []byte) error {
	c := cursor{data: vocabulary, at: 1}
	for c.next() != ']' && c.next() != '}' {
		c.take(',')
		c.next()
		start := c.at
		if !c.skip() {
			return fmt.Errorf("vocab: entry %d is damaged", len(e.entries))
		}
		one := entry{int32(len(e.entries)), vocabulary[start:c.at]}
		if !e.listed {
			c.take(':')
			id, ok := c.number()
			if !ok {
				return fmt.Errorf("vocab: entry %d has no id", len(e.entries))
			}
			one.id = int32(id)
		}
		e.entries = append(e.entries, one)
	}
	slices.SortStableFunc(e.entries, func(a, b entry) int { return int(a.id) - int(b.id) })
	return nil
}

// write writes the file with the entries that are left and then pieces of its own, which stand for others. Added tokens that
// are not in the vocabulary come behind it, as the Rust library numbers them.
func (e *editor) write(pieces []Addition) (*Edit, error) {
	out := &Edit{}
	var vocabulary bytes.Buffer
	put := func(text []byte, from []int32) {
		if len(out.Rows) > 0 {
			vocabulary.WriteString(",\n")
		}
		vocabulary.Write(text)
		if !e.listed {
			vocabulary.WriteString(": " + strconv.Itoa(len(out.Rows)))
		}
		out.Rows = append(out.Rows, from)
	}
	for _, one := range e.entries {
		put(one.text, []int32{one.id})
	}
	for _, p := range pieces {
		if e.listed {
			put(marshal([]any{p.Piece, p.score}), p.ids)
		} else {
			put(marshal(p.Piece), p.ids)
		}
	}
	for _, id := range e.extra {
		out.Rows = append(out.Rows, []int32{id})
	}
	first, last := "{", "}"
	if e.listed {
		first, last = "[", "]"
	}
	ids := out.NewIDs()
	from, to, _ := span(e.file, "model", "vocab")
	out.File = slices.Concat(e.file[:from], []byte(first), vocabulary.Bytes(), []byte(last), e.file[to:])
	for _, part := range []struct {
		path   []string
		change func(any, func(any) any) any
	}{{[]string{"model", "unk_id"}, changeID}, {[]string{"padding", "pad_id"}, changeID}, {[]string{"added_tokens"}, e.changeAdded}, {[]string{"post_processor"}, changeTemplate}} {
		var err error
		if out.File, err = changeMember(out.File, ids, part.change, part.path...); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// changeAdded renumbers the entries of added_tokens. Of those in the vocabulary the id there counts, whatever theirs is.
func (e *editor) changeAdded(value any, renumber func(any) any) any {
	tokens, _ := value.([]any)
	for _, token := range tokens {
		t, _ := token.(map[string]any)
		content, _ := t["content"].(string)
		if id := e.tokenizer.model.id(content); id >= 0 {
			t["id"] = json.Number(strconv.Itoa(int(id)))
		}
		t["id"] = renumber(t["id"])
	}
	return value
}
