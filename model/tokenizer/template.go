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

// templateFile is a post_processor of tokenizer.json.
type templateFile struct {
	Type   string          `json:"type"`
	Parts  []templateFile  `json:"processors"`
	Single []templatePiece `json:"single"`
	Tokens map[string]struct {
		IDs []int32 `json:"ids"`
	} `json:"special_tokens"`
	CLS namedID `json:"cls"`
	SEP namedID `json:"sep"`
}

// templatePiece is either a special token or the text, which is called A.
type templatePiece struct {
	SpecialToken *struct {
		ID string `json:"id"`
	}
	Sequence *struct {
		ID string `json:"id"`
	}
}

// parseTemplate returns the ids before and behind a single text.
func parseTemplate(data json.RawMessage) (before, after []int32, err error) {
	if absent(data) {
		return nil, nil, nil
	}
	var f templateFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, nil, err
	}
	return f.around()
}

func (f *templateFile) around() (before, after []int32, err error) {
	switch f.Type {
	case "BertProcessing", "RobertaProcessing":
		return []int32{f.CLS.id}, []int32{f.SEP.id}, nil
	case "TemplateProcessing":
		return f.template()
	case "ByteLevel": // changes offsets only
		return nil, nil, nil
	case "Sequence": // each puts its tokens around what the one before made
		for _, part := range f.Parts {
			b, a, err := part.around()
			if err != nil {
				return nil, nil, err
			}
			before, after = append(b, before...), append(after, a...)
		}
		return before, after, nil
	}
	return nil, nil, fmt.Errorf("kind %q is not supported, only BertProcessing, ByteLevel, RobertaProcessing, Sequence and "+
		"TemplateProcessing are", f.Type)
}

func (f *templateFile) template() (before, after []int32, err error) {
	texts := 0
	for _, piece := range f.Single {
		switch {
		case piece.Sequence != nil:
			texts++
		case piece.SpecialToken == nil:
			return nil, nil, errors.New("a piece of the template is neither a token nor a sequence")
		default:
			token, ok := f.Tokens[piece.SpecialToken.ID]
			if !ok {
				return nil, nil, fmt.Errorf("the template's token %q is not among its special_tokens", piece.SpecialToken.ID)
			}
			if texts == 0 {
				before = append(before, token.IDs...)
			} else {
				after = append(after, token.IDs...)
			}
		}
	}
	if texts != 1 {
		return nil, nil, fmt.Errorf("the template for a single text has it %d times", texts)
	}
	return before, after, nil
}
