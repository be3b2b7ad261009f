package fasttext

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	magic   = 793712314
	version = 12
	prefix  = "__label__"
	longest = 1 << 10 // bytes of a word of the dictionary
	most    = 1e15    // times that a word was seen
)

// The losses with which models are trained, which say what their outputs mean.
const (
	hierarchicalSoftmax = iota + 1
	negativeSampling
	softmax
	oneVersusAll
)

// A Model tells labels apart. It may be used by several goroutines.
type Model struct {
	// Labels are what a text may be, without __label__, in the order of the file: the most frequent first.
	Labels []string

	settings
	words  map[string]int32
	kept   map[int32]int32 // rows of n-grams that pruning has kept, by hash; nil if all are there
	input  matrix          // (words + n-grams, dimensions)
	output matrix          // (labels, dimensions)
	tree   []node          // of hierarchical softmax
}

// settings are those of training, in the order of the file.
type settings struct {
	Dimensions, Window, Epochs, MinCount, Negatives, WordNgrams, Loss, Kind, Buckets, MinN, MaxN, UpdateRate int32
	Threshold                                                                                                float64
}

// Read reads a classifier that fastText has written, quantized (.ftz) or not (.bin). Size is the file's, beyond which nothing is
// allocated.
func Read(r io.Reader, size int64) (*Model, error) {
	in := &reader{Reader: bufio.NewReaderSize(r, 1<<16), size: size}
	m, err := in.model()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("reading fastText model: %w", err)
	}
	return m, nil
}

// A reader reads the values of a file, and keeps from allocating more than there can be.
type reader struct {
	*bufio.Reader
	size int64
}

func (in *reader) read(v any) error { return binary.Read(in.Reader, binary.LittleEndian, v) }

// fits tells whether n values of so many bytes may be in the file.
func (in *reader) fits(what string, n int64, bytes int64) error {
	if n < 0 || n > in.size/bytes {
		return fmt.Errorf("it should have %d %s, which a file of %d bytes does not hold", n, what, in.size)
	}
	return nil
}

func (in *reader) model() (*Model, error) {
	var head struct{ Magic, Version int32 }
	if err := in.read(&head); err != nil {
		return nil, err
	}
	if head.Magic != magic {
		return nil, errors.New("it is no model of fastText")
	}
	if head.Version != version {
		return nil, fmt.Errorf("it has version %d; only %d is known", head.Version, version)
	}
	m := &Model{}
	if err := in.read(&m.settings); err != nil {
		return nil, err
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	counts, err := in.dictionary(m)
	if err != nil {
		return nil, err
	}
	var quantized, quantizedOutput bool
	if err := in.read(&quantized); err != nil {
		return nil, err
	}
	if m.input, err = in.matrix(quantized, m.Dimensions); err != nil {
		return nil, err
	}
	if err := in.read(&quantizedOutput); err != nil {
		return nil, err
	}
	if m.output, err = in.matrix(quantized && quantizedOutput, m.Dimensions); err != nil {
		return nil, err
	}
	grams := int64(m.Buckets)
	if m.kept != nil {
		grams = 0
		for _, row := range m.kept {
			grams = max(grams, int64(row)+1)
		}
	}
	if m.input.rows() < int64(len(m.words))+grams || m.output.rows() < int64(len(m.Labels)) {
		return nil, errors.New("its matrices have fewer rows than its words and labels")
	}
	if m.Loss == hierarchicalSoftmax {
		m.tree = huffman(counts)
	}
	return m, nil
}

func (m *Model) check() error {
	switch {
	case m.Kind != 3:
		return errors.New("it is no classifier but a model of words")
	case m.WordNgrams > 1:
		return fmt.Errorf("it uses sequences of %d words, which is not supported", m.WordNgrams)
	case m.Loss < hierarchicalSoftmax || m.Loss > oneVersusAll:
		return fmt.Errorf("it has an unknown loss, %d", m.Loss)
	case m.Dimensions < 1 || m.Dimensions > 4096 || m.Buckets < 0 || m.MinN < 0 || m.MaxN < 0 || m.MaxN > 64 || m.MaxN > 0 && m.Buckets == 0:
		return fmt.Errorf("its settings make no sense: %d dimensions, %d buckets of n-grams from %d to %d characters", m.Dimensions, m.Buckets, m.MinN, m.MaxN)
	}
	return nil
}

// dictionary reads words and labels, and returns how often each label occurred.
func (in *reader) dictionary(m *Model) ([]int64, error) {
	var head struct {
		Entries, Words, Labels int32
		Tokens, Pruned         int64
	}
	if err := in.read(&head); err != nil {
		return nil, err
	}
	if head.Labels < 1 || head.Words < 0 || int64(head.Entries) != int64(head.Words)+int64(head.Labels) {
		return nil, fmt.Errorf("its dictionary has %d entries, %d words and %d labels", head.Entries, head.Words, head.Labels)
	}
	if err := in.fits("words and labels", int64(head.Entries), 10); err != nil {
		return nil, err
	}
	m.words = make(map[string]int32, head.Words)
	var counts []int64
	for i := range head.Entries {
		var entry struct {
			Count int64
			Type  int8
		}
		word, err := in.word()
		if err == nil {
			err = in.read(&entry)
		}
		switch {
		case err != nil:
			return nil, err
		case entry.Count < 0 || entry.Count >= most:
			return nil, fmt.Errorf("it has seen a word %d times", entry.Count)
		case (entry.Type == 1) != (i >= head.Words):
			return nil, errors.New("its words do not stand before its labels")
		case i < head.Words:
			m.words[word] = i
		default:
			m.Labels = append(m.Labels, strings.TrimPrefix(word, prefix))
			counts = append(counts, entry.Count)
		}
	}
	if len(m.words) != int(head.Words) {
		return nil, errors.New("it has a word twice")
	}
	if head.Pruned < 0 {
		return counts, nil
	}
	var err error
	m.kept, err = in.ngrams(head.Pruned)
	return counts, err
}

// ngrams reads which row each n-gram has that was kept when others were pruned.
func (in *reader) ngrams(n int64) (map[int32]int32, error) {
	if err := in.fits("n-grams", n, 8); err != nil {
		return nil, err
	}
	kept := make(map[int32]int32, n)
	for range n {
		var pair struct{ Hash, Row int32 }
		if err := in.read(&pair); err != nil {
			return nil, err
		}
		if pair.Row < 0 {
			return nil, fmt.Errorf("an n-gram has the row %d", pair.Row)
		}
		kept[pair.Hash] = pair.Row
	}
	return kept, nil
}

// word reads up to a NUL.
func (in *reader) word() (string, error) {
	var word []byte
	for {
		b, err := in.ReadByte()
		switch {
		case err != nil:
			return "", err
		case b == 0:
			return string(word), nil
		case len(word) == longest:
			return "", fmt.Errorf("it has a word of more than %d bytes", longest)
		}
		word = append(word, b)
	}
}
