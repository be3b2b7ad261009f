package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"sync"

	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/model/tokenizer"
)

// A Model is an encoder with its tokenizer. It is safe for concurrent use as long as nobody trains it.
type Model struct {
	Info
	Encoder   *encoder.Encoder
	Tokenizer *tokenizer.Tokenizer
	files     map[string][]byte // the small files of its folder, carried over when it is saved
}

// Carried are the files of a Hugging Face folder that a model keeps and writes back as they were.
var carried = []string{
	tokenizerFile, tokenizerConfigFile, "special_tokens_map.json", vocabularyFile,
	modulesFile, poolingFile, sentenceFile, denseFile,
}

const (
	configFile          = "config.json"
	tokenizerFile       = "tokenizer.json"
	tokenizerConfigFile = "tokenizer_config.json"
	vocabularyFile      = "vocab.txt"
	weightsFile         = "model.safetensors"
	shardsFile          = "model.safetensors.index.json"
	modulesFile         = "modules.json"
	poolingFile         = "1_Pooling/config.json"
	sentenceFile        = "sentence_bert_config.json"
	denseFolder         = "2_Dense"
	denseFile           = denseFolder + "/config.json"
	denseWeightsFile    = denseFolder + "/model.safetensors"
)

// Open reads a model from a folder in Hugging Face layout: config.json, tokenizer.json and model.safetensors (or its
// shards with model.safetensors.index.json), and the sentence-transformers files where they exist.
func Open(folder fs.FS) (*Model, error) {
	info, err := Inspect(folder)
	if err != nil {
		return nil, err
	}
	m := &Model{Info: info, files: map[string][]byte{}}
	for _, name := range carried {
		data, err := ReadSmall(folder, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		m.files[name] = data
	}
	var parsing sync.WaitGroup // a vocabulary of 250,000 takes longer than weights that are mapped
	var parseErr error
	parsing.Go(func() { m.Tokenizer, parseErr = tokenizer.Parse(m.files[tokenizerFile]) })
	m.Encoder, err = openEncoder(folder, info.Config)
	if err == nil && info.Config.Projection > 0 {
		m.Encoder, err = openProjection(folder, m.Encoder, info)
	}
	parsing.Wait()
	if parseErr != nil {
		return nil, fmt.Errorf("reading %s: %w", tokenizerFile, parseErr)
	}
	if err != nil {
		return nil, err
	}
	return m, m.fits()
}

// fits tells whether every id of the tokenizer has a row in the encoder's embedding table.
func (m *Model) fits() error {
	if tokens, rows := m.Tokenizer.VocabularySize(), m.Config.Vocabulary; tokens > rows {
		return fmt.Errorf("%s has %d tokens but %s says vocab_size %d", tokenizerFile, tokens, configFile, rows)
	}
	return nil
}

func openEncoder(folder fs.FS, config encoder.Config) (*encoder.Encoder, error) {
	index, err := readConfig(folder, shardsFile)
	if err == nil {
		return encoder.LoadShards(config, index, func(name string) (io.ReaderAt, int64, error) {
			return openAt(folder, name)
		})
	}
	r, size, err := openAt(folder, weightsFile)
	if err != nil {
		return nil, fmt.Errorf("opening weights: %w", err)
	}
	defer closeIt(r)
	e, err := encoder.Load(config, r, size)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", weightsFile, err)
	}
	return e, nil
}

// openProjection reads the projection that follows the encoder.
func openProjection(folder fs.FS, e *encoder.Encoder, info Info) (*encoder.Encoder, error) {
	r, size, err := openAt(folder, denseWeightsFile)
	if err != nil {
		return nil, fmt.Errorf("opening projection: %w", err)
	}
	defer closeIt(r)
	projected, err := e.LoadProjection(r, size, info.Config.Projection)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", denseWeightsFile, err)
	}
	return projected, nil
}

func closeIt(r io.ReaderAt) {
	if c, ok := r.(io.Closer); ok {
		c.Close()
	}
}

// openAt opens a file for reading at any place. Files of os.DirFS allow that; those of other file systems are read whole.
func openAt(folder fs.FS, name string) (io.ReaderAt, int64, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, 0, err
	}
	if r, ok := f.(io.ReaderAt); ok {
		stat, err := f.Stat()
		if err != nil {
			return nil, 0, err
		}
		return r, stat.Size(), nil
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	return bytes.NewReader(data), int64(len(data)), err
}

// New makes a model with random weights, drawn from seed, over the tokenizer in tokenizerJSON. The vocabulary size of
// config is that of the tokenizer.
func New(config encoder.Config, tokenizerJSON []byte, seed uint64) (*Model, error) {
	t, err := tokenizer.Parse(tokenizerJSON)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", tokenizerFile, err)
	}
	config.Vocabulary = t.VocabularySize()
	m := &Model{
		Info:      NewInfo(config),
		Encoder:   encoder.New(config, seed),
		Tokenizer: t,
		files:     map[string][]byte{tokenizerFile: tokenizerJSON},
	}
	return m, nil
}

// SharesTokenizer tells whether another model's tokenizer is the same.
func (m *Model) SharesTokenizer(other *Model) bool {
	return bytes.Equal(m.files[tokenizerFile], other.files[tokenizerFile])
}

// With returns a model that shares everything with m but its encoder, which may have a projection that m's has not.
func (m *Model) With(e *encoder.Encoder) *Model {
	copied := *m
	copied.Encoder = e
	if e.Config.Projection != m.Config.Projection {
		copied.Config.Projection = e.Config.Projection
		copied.files = maps.Clone(m.files)
		delete(copied.files, modulesFile) // made anew
		delete(copied.files, denseFile)
	}
	return &copied
}

// Write hands every file of the model to create, in a fixed order, so that Open and transformers' AutoModel read it back.
func (m *Model) Write(create func(name string) (io.WriteCloser, error)) error {
	put := func(name string, write func(io.Writer) error) error {
		w, err := create(name)
		if err != nil {
			return fmt.Errorf("creating %s: %w", name, err)
		}
		if err := errors.Join(write(w), w.Close()); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
		return nil
	}
	bytesOf := func(data []byte) func(io.Writer) error {
		return func(w io.Writer) error { _, err := w.Write(data); return err }
	}
	if err := put(configFile, bytesOf(m.Config.JSON())); err != nil {
		return err
	}
	for name, data := range m.smallFiles() {
		if err := put(name, bytesOf(data)); err != nil {
			return err
		}
	}
	if len(m.Ancestors) > 0 {
		if err := put(lineageFile, bytesOf(jsonOf(lineage{m.Ancestors}))); err != nil {
			return err
		}
	}
	if m.Config.Projection > 0 {
		if err := put(denseWeightsFile, m.Encoder.SaveProjection); err != nil {
			return err
		}
	}
	return put(weightsFile, m.Encoder.Save)
}

// smallFiles yields the carried files, and makes those that the folder lacked, so that what ferry wrote tokenizes and
// embeds the same way elsewhere.
func (m *Model) smallFiles() func(yield func(string, []byte) bool) {
	made := m.Info.files()
	made[tokenizerConfigFile] = m.tokenizerConfig()
	return func(yield func(string, []byte) bool) {
		for _, name := range carried {
			data, ok := m.files[name]
			if !ok {
				data, ok = made[name]
			}
			if ok && !yield(name, data) {
				return
			}
		}
	}
}

func jsonOf(v any) []byte {
	data, _ := json.MarshalIndent(v, "", "  ") // plain maps and slices only: cannot fail
	return append(data, '\n')
}
