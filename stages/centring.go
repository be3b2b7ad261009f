package stages

import (
	"context"

	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// The values of centre.
const (
	centreNone      = "none"
	centreDocuments = "documents"
	centreLanguages = "languages"
)

// A centring takes a mean off vectors, by language.
type centring struct {
	d     int
	means map[string]*retrieve.Mean // by language, or by "" for all
	all   bool
}

// newCentring returns the centring of the vectors of a table, each language by itself or all by one mean.
func newCentring(ctx context.Context, t schemas.Table, all bool) (*centring, error) {
	c := &centring{d: dimensions(t.Schema), means: map[string]*retrieve.Mean{}, all: all}
	var v vectorRows
	for batch, err := range t.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		v.reset(c.d)
		v.add(batch)
		c.each(&v, func(key string, vectors []float32) {
			if c.means[key] == nil {
				c.means[key] = retrieve.NewMean(c.d)
			}
			c.means[key].Add(vectors)
		})
	}
	return c, nil
}

// each calls do for every row of v.
func (c *centring) each(v *vectorRows, do func(key string, vectors []float32)) {
	for i, row := range v.rows {
		key := row.Language
		if c.all {
			key = ""
		}
		from, to := i, i+1
		if v.offsets != nil {
			from, to = int(v.offsets[i]), int(v.offsets[i+1])
		}
		do(key, v.vectors[from*c.d:to*c.d])
	}
}

// apply centres v in place; a nil centring leaves it as it is.
func (c *centring) apply(v *vectorRows) {
	if c == nil {
		return
	}
	vectors := map[string][]float32{}
	for key, mean := range c.means {
		vectors[key] = mean.Vector()
	}
	c.each(v, func(key string, rows []float32) {
		if mean := vectors[key]; mean != nil {
			retrieve.Centre(rows, c.d, mean)
		}
	})
}

// centrings returns what centres the queries and what centres the documents; nil for nothing.
func centrings(ctx context.Context, centre string, queries, documents schemas.Table) (ofQueries, ofDocuments *centring, err error) {
	if centre == centreNone {
		return nil, nil, nil
	}
	if ofDocuments, err = newCentring(ctx, documents, centre == centreDocuments); err != nil {
		return nil, nil, err
	}
	if centre == centreDocuments {
		return ofDocuments, ofDocuments, nil
	}
	ofQueries, err = newCentring(ctx, queries, false)
	return ofQueries, ofDocuments, err
}
