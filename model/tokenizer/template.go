package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
)

// namedID is a token with its id, in JSON ["[SEP]", 102].
type namedID struct{ id int32 }

// UnmarshalJSON reads the pair.
func (n *namedID) UnmarshalJSON(data []byte) error {
	var name string
	pair := []any{&name, &n.id}
	if err := json.Unmarshal(data, &pair); err != nil {
		return err
	}
	if len(pair) != 2 || n.id < 0 {
		return fmt.Errorf("%.60s is not a pair of token and id", data)
	}
	return nil
}

// slot is a place of a template: a special token, or all tokens of a text.
type slot struct {
	id   int32 // of a special token
	text int32 // 0 or 1; -1 for a special token
	kind int32 // token type id
}

// postProcessor is what happens to the tokens of texts.
type postProcessor struct {
	single, pair []slot
	trims        []trim
}

// trim takes white space out of spans, as byte-level tokens have it at their start.
type trim struct {
	prefix bool // a single space where the text starts is one that ByteLevel added, and stays out of the count
}

// templateFile is a post_processor of tokenizer.json.
type templateFile struct {
	Type   string            `json:"type"`
	Parts  []json.RawMessage `json:"processors"`
	Single []templatePiece   `json:"single"`
	Pair   []templatePiece   `json:"pair"`
	Tokens map[string]struct {
		IDs []int32 `json:"ids"`
	} `json:"special_tokens"`
	CLS    namedID `json:"cls"`
	SEP    namedID `json:"sep"`
	Trim   *bool   `json:"trim_offsets"`
	Prefix *bool   `json:"add_prefix_space"`
}

// templatePiece is either a special token or a text, which is called A or B.
type templatePiece struct {
	SpecialToken *templateName
	Sequence     *templateName
}

type templateName struct {
	ID   string `json:"id"`
	Kind int32  `json:"type_id"`
}

// parseTemplate returns the post-processor; without one, texts follow each other as they are.
func parseTemplate(data json.RawMessage) (*postProcessor, error) {
	p := &postProcessor{}
	if !absent(data) {
		if err := p.add(data, 0); err != nil {
			return nil, err
		}
	}
	if p.single == nil {
		p.single, p.pair = []slot{{text: 0}}, []slot{{text: 0}, {text: 1, kind: 1}}
	}
	return p, nil
}

// add takes in a post_processor of the file, or all of a sequence.
func (p *postProcessor) add(data json.RawMessage, depth int) error {
	var f templateFile
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	if f.Type != "Sequence" {
		return f.addTo(p)
	}
	_, err := parseSequence(f.Parts, depth, func(part json.RawMessage, depth int) ([]slot, error) { return nil, p.add(part, depth) })
	return err
}

func (f *templateFile) addTo(p *postProcessor) (err error) {
	var single, pair []slot
	cls, sep := slot{id: f.CLS.id, text: -1}, slot{id: f.SEP.id, text: -1}
	switch f.Type {
	case "BertProcessing":
		single, pair = []slot{cls, {}, sep}, []slot{cls, {}, sep, {text: 1, kind: 1}, {id: sep.id, text: -1, kind: 1}}
	case "RobertaProcessing":
		single, pair = []slot{cls, {}, sep}, []slot{cls, {}, sep, sep, {text: 1}, sep}
		f.addTrim(p)
	case "TemplateProcessing":
		if single, err = f.slots(f.Single, 1); err != nil {
			return fmt.Errorf("the template for a single text: %w", err)
		}
		if pair, err = f.slots(f.Pair, 2); err != nil {
			return fmt.Errorf("the template for a pair: %w", err)
		}
	case "ByteLevel":
		f.addTrim(p)
		return nil
	default:
		return fmt.Errorf("kind %q is not supported, only BertProcessing, ByteLevel, RobertaProcessing, Sequence and TemplateProcessing are", f.Type)
	}
	if p.single != nil {
		return errors.New("a sequence adds special tokens twice, which is not supported; merge its templates into one")
	}
	p.single, p.pair = single, pair
	return nil
}

func (f *templateFile) addTrim(p *postProcessor) {
	if f.Trim == nil || *f.Trim {
		p.trims = append(p.trims, trim{prefix: f.Prefix == nil || *f.Prefix})
	}
}

// slots returns the slots of a template, which has each of so many texts once.
func (f *templateFile) slots(pieces []templatePiece, texts int) ([]slot, error) {
	var slots []slot
	var count [2]int
	for _, piece := range pieces {
		switch {
		case piece.Sequence != nil:
			text := int32(0)
			if piece.Sequence.ID == "B" {
				text = 1
			}
			count[text]++
			slots = append(slots, slot{text: text, kind: piece.Sequence.Kind})
		case piece.SpecialToken == nil:
			return nil, errors.New("a piece is neither a token nor a sequence")
		default:
			token, ok := f.Tokens[piece.SpecialToken.ID]
			if !ok {
				return nil, fmt.Errorf("token %q is not among its special_tokens", piece.SpecialToken.ID)
			}
			for _, id := range token.IDs {
				slots = append(slots, slot{id: id, text: -1, kind: piece.SpecialToken.Kind})
			}
		}
	}
	if count[0] != 1 || count[1] != texts-1 {
		return nil, fmt.Errorf("it has text A %d times and text B %d times", count[0], count[1])
	}
	return slots, nil
}

// around returns the ids before and behind a single text.
func (p *postProcessor) around() (before, after []int32) {
	ids := &before
	for _, s := range p.single {
		if s.text >= 0 {
			ids = &after
		} else {
			*ids = append(*ids, s.id)
		}
	}
	return before, after
}
