package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// file is a tokenizer.json. Its parts are decoded by the kind that each names.
type file struct {
	Added     []addedToken    `json:"added_tokens"`
	Normalize json.RawMessage `json:"normalizer"`
	Split     json.RawMessage `json:"pre_tokenizer"`
	Template  json.RawMessage `json:"post_processor"`
	Model     modelFile       `json:"model"`
}

// modelFile is the model of a tokenizer.json: Unigram, WordPiece or BPE.
type modelFile struct {
	Type         string  `json:"type"`
	UnknownID    *int    `json:"unk_id"`
	ByteFallback bool    `json:"byte_fallback"`
	UnknownToken string  `json:"unk_token"`
	Prefix       *string `json:"continuing_subword_prefix"`
	Suffix       string  `json:"end_of_word_suffix"`
	Characters   *int    `json:"max_input_chars_per_word"`
	Dropout      float64 `json:"dropout"`
	FuseUnknown  bool    `json:"fuse_unk"`
	IgnoreMerges bool    `json:"ignore_merges"`

	vocabulary, merges []byte // which are cut out and read on their own
}

// Parse reads a tokenizer.json. It returns an error that names the part where the file is damaged, or asks for what
// this package does not have: a model, normalizer, pre-tokenizer or post-processor of an unknown kind, say.
func Parse(tokenizerJSON []byte) (*Tokenizer, error) {
	var f file
	vocabulary, rest := cutMember(tokenizerJSON, "vocab")
	merges, rest := cutMember(rest, "merges")
	err := checkRest(rest)
	if err == nil {
		err = json.Unmarshal(rest, &f)
	}
	if err != nil {
		return nil, fmt.Errorf("reading tokenizer.json: %w", err)
	}
	t := &Tokenizer{}
	f.Model.vocabulary, f.Model.merges = vocabulary, merges
	if err := t.setModel(&f.Model); err != nil {
		return nil, fmt.Errorf("reading tokenizer.json: model: %w", err)
	}
	if t.normalize, err = parseNormalizer(f.Normalize); err != nil {
		return nil, fmt.Errorf("reading tokenizer.json: normalizer: %w", err)
	}
	if t.split, err = parseSplitter(f.Split); err != nil {
		return nil, fmt.Errorf("reading tokenizer.json: pre_tokenizer: %w", err)
	}
	if t.postProcessor, err = parseTemplate(f.Template); err != nil {
		return nil, fmt.Errorf("reading tokenizer.json: post_processor: %w", err)
	}
	t.before, t.after = t.around()
	if m, ok := t.model.(*bpe); ok && f.endsInBytes() && m.coversBytes(f.Model.prefix()) {
		m.unknown = -1 // it stands for no text, and may be the token at the end of texts
	}
	if err := t.setAdded(f.Added); err != nil {
		return nil, fmt.Errorf("reading tokenizer.json: added_tokens: %w", err)
	}
	t.wordwise, t.movesStart = isWordwise(&f, t), movesStart(&f)
	t.lookUp = !t.wordwise
	for _, s := range slices.Concat(t.single, t.pair) {
		if s.id < 0 || int(s.id) >= t.size {
			return nil, fmt.Errorf("reading tokenizer.json: post_processor: id %d is not in the vocabulary", s.id)
		}
	}
	return t, nil
}

// endsInBytes tells whether the model sees characters that stand for bytes, and no others.
func (f *file) endsInBytes() bool {
	kinds := kindsOf(f.Split)
	return len(kinds) > 0 && kinds[len(kinds)-1] == "ByteLevel"
}

// prefix is that of pieces within a word, "" if the file has none.
func (f *modelFile) prefix() string {
	if f.Prefix == nil {
		return ""
	}
	return *f.Prefix
}

func (t *Tokenizer) setModel(f *modelFile) error {
	switch f.kind() {
	case "Unigram":
		return t.setUnigram(f)
	case "WordPiece":
		return t.setWordPiece(f)
	case "BPE":
		return t.setBPE(f)
	case "":
		return errors.New("no type is given; open the file with a newer tokenizers library and save it again")
	}
	return fmt.Errorf("type %q is not supported, only Unigram, WordPiece and BPE are", f.Type)
}

// kind returns the type of the model, which the oldest files do not name.
func (f *modelFile) kind() string {
	switch {
	case f.Type != "":
		return f.Type
	case f.merges != nil:
		return "BPE"
	case f.Characters != nil:
		return "WordPiece"
	case f.UnknownID != nil:
		return "Unigram"
	}
	return ""
}

func (t *Tokenizer) setUnigram(f *modelFile) error {
	pieces, scores, err := parseVocabulary(f.vocabulary, true)
	if err != nil {
		return err
	}
	if len(pieces) == 0 || f.UnknownID == nil {
		return errors.New("a vocabulary, as a list, and unk_id are needed")
	}
	t.pieces, t.size = pieces, len(pieces)
	t.model, err = newUnigram(pieces, scores, *f.UnknownID, f.ByteFallback)
	return err
}

func (t *Tokenizer) setWordPiece(f *modelFile) error {
	keys, err := t.setPieces(f.vocabulary)
	if err != nil {
		return err
	}
	prefix, characters := "##", 100
	if f.Prefix != nil {
		prefix = *f.Prefix
	}
	if f.Characters != nil {
		characters = *f.Characters
	}
	t.model, err = newWordPiece(keys, f.UnknownToken, prefix, characters)
	return err
}

func (t *Tokenizer) setBPE(f *modelFile) error {
	keys, err := t.setPieces(f.vocabulary)
	if err != nil {
		return err
	}
	merges, err := parseMerges(f.merges)
	if err != nil {
		return err
	}
	t.model, err = newBPE(f, keys, merges)
	return err
}

// setPieces takes in a vocabulary that maps pieces to ids, and returns it.
func (t *Tokenizer) setPieces(vocabulary []byte) ([]key, error) {
	pieces, ids, err := parseVocabulary(vocabulary, false)
	if err != nil {
		return nil, err
	}
	if pieces == nil {
		return nil, errors.New("a vocabulary, as a map from pieces to ids, is needed")
	}
	keys := make([]key, len(pieces))
	for i, piece := range pieces {
		id := ids[i]
		if id != math.Trunc(id) || id < 0 || id > float64(2*len(pieces)+1<<16) {
			return nil, fmt.Errorf("vocab: %q has id %v in a vocabulary of %d", piece, id, len(pieces))
		}
		keys[i] = key{piece, int32(id)}
		t.size = max(t.size, int(id)+1)
	}
	t.pieces = make([]string, t.size)
	for _, k := range keys {
		t.pieces[k.id] = k.text
	}
	return keys, nil
}

// setAdded takes the added tokens in, those to be found in normalized text with their content normalized too.
func (t *Tokenizer) setAdded(tokens []addedToken) error {
	t.extra, t.special = map[int32]string{}, map[int32]bool{}
	var raw, normalized []addedToken
	var rawContents, normalizedContents []string
	size := 0
	for _, token := range tokens {
		if id := t.model.id(token.Content); id >= 0 {
			token.ID = id // which the Rust library prefers to the token's own
		} else if other := t.Piece(token.ID); token.ID < 0 || other != "" && other != token.Content {
			return fmt.Errorf("%q has id %d, which is %q", token.Content, token.ID, other)
		} else {
			t.extra[token.ID] = token.Content
		}
		if token.Special && token.ID != t.model.unknownID() {
			t.special[token.ID] = true
		}
		t.size = max(t.size, int(token.ID)+1)
		if !token.Normalized {
			raw, rawContents = append(raw, token), append(rawContents, token.Content)
			continue
		}
		content, err := t.normalizedToken(token.Content)
		if err != nil {
			return err
		}
		if size += len(content); size > maxText {
			return fmt.Errorf("together they have more than %d bytes, which is the limit", maxText)
		}
		normalized, normalizedContents = append(normalized, token), append(normalizedContents, content)
	}
	t.raw, t.normalized = newAddedTokens(raw, rawContents), newAddedTokens(normalized, normalizedContents)
	return nil
}

// normalizedToken is the content of an added token as it is looked for in normalized text.
func (t *Tokenizer) normalizedToken(content string) (string, error) {
	err := checkToken("an added token", content)
	for _, n := range t.normalize {
		if err != nil {
			break
		}
		content = string(n.rewrite(nil, content))
		err = checkToken("a normalized one", content)
	}
	return content, err
}
