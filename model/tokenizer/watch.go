package tokenizer

// A Watcher tokenizes and tells what becomes of each word. Any number of goroutines may use it.
type Watcher struct{ tokenizer *Tokenizer }

// watched is a model that tells what it makes of a word, if the scratch memory has somebody to be told.
type watched struct{ model }

func (w watched) encode(dst []int32, word []byte, s *scratch) []int32 {
	first := len(dst)
	dst = w.model.encode(dst, word, s)
	if s.tell != nil {
		s.tell(word, dst[first:])
	}
	return dst
}

// NewWatcher reads a tokenizer.json as Parse does.
func NewWatcher(tokenizerJSON []byte) (*Watcher, error) {
	t, err := Parse(tokenizerJSON)
	if err != nil {
		return nil, err
	}
	t.model = watched{t.model}
	t.wordwise, t.lookUp = false, false // every word is told, also those that come again
	return &Watcher{t}, nil
}

// Words calls tell for every word that the model cuts in text, normalized and pre-tokenized, with the ids of its pieces.
// Both are valid during the call. Added tokens are none of them.
func (w *Watcher) Words(text string, tell func(word []byte, ids []int32)) {
	s := &scratch{tell: tell}
	w.tokenizer.encode(nil, validUTF8(text), s)
}

// kind returns the model itself.
func (t *Tokenizer) kind() model {
	if w, ok := t.model.(watched); ok {
		return w.model
	}
	return t.model
}
