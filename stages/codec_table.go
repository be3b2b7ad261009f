package stages

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/residual"
	"github.com/ferry-clir/ferry/schemas"
)

// A codec is what a table of it holds.
type codec struct {
	*residual.Codec
	means *means // of documents; nil for none
	apart bool   // queries have means of their own
}

// half rounds means to float16, in place.
func (m *means) half() *means {
	if m != nil {
		for _, mean := range m.vectors {
			residual.Half(mean)
		}
	}
	return m
}

// parts calls do with the parts of the codec, in the order of the table.
func (c codec) parts(do func(part, language string, vectors []float32)) {
	part := schemas.PartMean
	if c.apart {
		part = schemas.PartDocumentMean
	}
	if c.means == nil {
		do(part, "", nil)
	} else {
		for _, language := range slices.Sorted(maps.Keys(c.means.vectors)) {
			do(part, language, c.means.vectors[language])
		}
	}
	centroids, values := c.Rows()
	do(schemas.PartBucket, "", values)
	do(schemas.PartCentroid, "", centroids)
}

func (c codec) emit(out schemas.Output) error {
	d := c.Dimensions()
	b := array.NewRecordBuilder(out.Allocator, schemas.Codec(d))
	defer b.Release()
	c.parts(func(part, language string, vectors []float32) {
		for ; len(vectors) > 0; vectors = vectors[d:] {
			appendText(b.Field(0), part)
			appendTextOrNull(b.Field(1), language)
			appendVector(b.Field(2), vectors[:d])
		}
	})
	return emitBuilt(out, b)
}

// name is a hash of the codec's content.
func (c codec) name() string {
	h := fnv.New64a()
	c.parts(func(part, language string, vectors []float32) {
		h.Write([]byte(part + language))
		binary.Write(h, binary.LittleEndian, vectors)
	})
	return fmt.Sprintf("%016x", h.Sum64())
}

// queries reads a whole table of them, centred.
func (c codec) queries(ctx context.Context, out schemas.Output, t schemas.Table) (*vectorRows, error) {
	q, err := gatherQueries(ctx, t, out)
	if err != nil {
		return nil, err
	}
	m := c.means
	if c.apart {
		if m, err = newMeans(ctx, false, t); err != nil {
			return nil, err
		}
		m.warnAlone(out)
	}
	return q, m.takeOff(q)
}

// readCodec reads the table of a codec.
func readCodec(ctx context.Context, t schemas.Table) (c codec, err error) {
	d, parts := dimensions(t.Schema), map[string][]float32{}
	m := &means{d: d, vectors: map[string][]float32{}, from: t.Name}
	for batch, err := range t.Batches(ctx) {
		if err != nil {
			return c, err
		}
		list := column[*array.FixedSizeList](batch, schemas.Vector)
		values := list.ListValues().(*array.Float32).Float32Values()
		for i := range int(batch.NumRows()) {
			part, language := clone(texts(batch, schemas.Part).Value(i)), clone(texts(batch, schemas.Language).Value(i))
			from, _ := list.ValueOffsets(i)
			vector := values[from : int(from)+d]
			parts[part] = append(parts[part], vector...)
			if part != schemas.PartMean && part != schemas.PartDocumentMean {
				continue
			}
			if _, there := m.vectors[language]; there {
				return c, fmt.Errorf("%s is not a codec: it has more than one %s of language %q", t.Name, part, language)
			}
			m.vectors[language] = slices.Clone(vector)
		}
	}
	_, m.all = m.vectors[""]
	c.apart = parts[schemas.PartDocumentMean] != nil
	if c.apart && parts[schemas.PartMean] != nil || m.all && len(m.vectors) > 1 {
		return c, fmt.Errorf("%s is not a codec: it has means of all texts beside means of some", t.Name)
	}
	if len(m.vectors) > 0 {
		c.means = m
	}
	if c.Codec, err = residual.New(d, parts[schemas.PartCentroid], parts[schemas.PartBucket]); err != nil {
		return c, fmt.Errorf("%s is not a codec: %w", t.Name, err)
	}
	return c, nil
}

// lacksCodec finds what is wrong with a table that should be a codec for vectors like those of another.
func lacksCodec(in Types, vectors string) []schemas.Mistake {
	schema, other := in.Schema("codec"), in.Schema(vectors)
	found := append(lacks("codec", schema, "a codec", schemas.Part, schemas.Language, schemas.Vector), lacks(vectors, other, "token vectors", schemas.Language, schemas.ID, schemas.TokenVectorList)...)
	if len(found) == 0 && schema != nil && other != nil && dimensions(schema) != dimensions(other) {
		found = append(found, schemas.Mistake{Key: "codec", Problem: fmt.Sprintf("is for vectors of %d dimensions, %s have %d", dimensions(schema), vectors, dimensions(other))})
	}
	return found
}
