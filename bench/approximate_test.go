package bench

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/encoder"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sources"
)

// realFile is where the vectors of NTREX-128 are, (19,970, 384), English at the end: the last 1,000 are the queries.
var realFile = filepath.Join(runs, "ntrex.f32")

const approximateTop = 10

// beside compares exact search with indexes that find most of the best: each is a peer of its own, asked all queries in
// one call, also where ferry is asked one by one.
func beside(name, what string, vectors func() ([]float32, error), arguments ...string) comparison {
	return comparison{script: append([]string{absolute("testdata", "approximate.py")}, arguments...), last: "none", every: true, weight: 2, unit: "queries/s",
		benches: []benchmark{
			{name, "together, the best 10 of " + what, "*", "", denseBatch(vectors, approximateTop)},
			{name, "one by one, the best 10 of " + what, "*", "", denseSingle(vectors, approximateTop)},
		}}
}

func realVectors() ([]float32, error) {
	data, err := os.ReadFile(realFile)
	vectors := make([]float32, len(data)/4)
	if err == nil {
		err = binary.Read(bytes.NewReader(data), binary.LittleEndian, vectors)
	}
	return vectors, err
}

// embedNTREX writes the vectors that realVectors reads: of at most 16 tokens a line, as all would take minutes.
func embedNTREX(to io.Writer) error {
	lines, err := ntrex()
	if err != nil {
		return err
	}
	m, err := (&sources.Pretrained{Path: schemas.Path(filepath.Join(os.Getenv("FERRY_MODELS"), openModel))}).Open(context.Background(), 0, nil)
	if err != nil {
		return err
	}
	vectors := make([]float32, len(lines)*denseWidth)
	err = model.NewEmbedder(m, model.EmbedOptions{Prefix: "query: ", Pooling: model.Mean, Normalize: true, MaxTokens: 16, Budget: 1 << 12, Precision: encoder.Int8}).
		EmbedAll(context.Background(), lines, false, func(i int, e model.Embedded) { copy(vectors[i*denseWidth:], e.Vector) })
	if err != nil {
		return err
	}
	return binary.Write(to, binary.LittleEndian, vectors)
}
