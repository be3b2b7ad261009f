package stages

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/schemas"
)

// The values of centre.
const (
	centreNone      = "none"
	centreDocuments = "documents"
	centreLanguages = "languages"
)

// Centring are the keys of what is taken off vectors before they are compared.
type Centring struct {
	// Centre takes a mean off all vectors and scales them to length 1 again, before they are compared: that of the documents'
	// vectors (documents), or on each side that of the text's language (languages); or none. It costs nothing to train and
	// helps token vectors most, as an encoder's all point one way.
	Centre string `yaml:"centre"`
	// Means names tables of vectors to take the means of, in place of the queries' and documents' own: of bitext or any other
	// texts, where a language has few queries. With centre: documents it is one mean of them all.
	Means []schemas.TableRef `yaml:"means"`
}

// mistakes checks the keys.
func (c *Centring) mistakes() []schemas.Mistake {
	found := oneOf("centre", c.Centre, centreNone, centreDocuments, centreLanguages)
	if len(c.Means) > 0 && c.Centre == centreNone {
		found = append(found, schemas.Mistake{Key: "means", Problem: "is for centre: languages, or centre: documents"})
	}
	return found
}

// unfit says why the vectors of than, which are compared, have no means in the tables that are named.
func (c *Centring) unfit(in Types, than string) (found []schemas.Mistake) {
	vectors := in.Schema(than)
	if vectors == nil || lacksVectors(than, vectors) != nil {
		return nil
	}
	for i, t := range in.Tables["means"] {
		key := fmt.Sprintf("means[%d]", i)
		if found = append(found, lacksVectors(key, t.Schema)...); len(found) == 0 {
			found = append(found, unlike(key, t.Schema, than, vectors)...)
		}
	}
	return found
}

// means are taken off vectors, by language.
type means struct {
	d       int
	vectors map[string][]float32 // by language, or "" for all
	rows    map[string]int       // by the same keys
	all     bool
	from    string // what they are of
}

// newMeans returns the means of the vectors of tables, each language's by itself or one of all.
func newMeans(ctx context.Context, all bool, tables ...schemas.Table) (*means, error) {
	m := &means{d: dimensions(tables[0].Schema), vectors: map[string][]float32{}, rows: map[string]int{}, all: all, from: tables[0].Name}
	by := map[string]*retrieve.Mean{}
	for _, t := range tables {
		var v vectorRows
		for batch, err := range t.Batches(ctx) {
			if err != nil {
				return nil, err
			}
			v.reset(m.d)
			v.add(batch)
			m.each(&v, func(key string, vectors []float32) {
				if by[key] == nil {
					by[key] = retrieve.NewMean(m.d)
				}
				by[key].Add(vectors)
				m.rows[key]++
			})
		}
	}
	for key, mean := range by {
		m.vectors[key] = mean.Vector()
	}
	return m, nil
}

// each calls do for every row of v.
func (m *means) each(v *vectorRows, do func(key string, vectors []float32)) {
	for i, row := range v.rows {
		key := row.Language
		if m.all {
			key = ""
		}
		from, to := i, i+1
		if v.offsets != nil {
			from, to = int(v.offsets[i]), int(v.offsets[i+1])
		}
		do(key, v.vectors[from*m.d:to*m.d])
	}
}

// takeOff centres v in place; nil means leave it as it is.
func (m *means) takeOff(v *vectorRows) (err error) {
	if m == nil {
		return nil
	}
	m.each(v, func(key string, rows []float32) {
		mean, ok := m.vectors[key]
		if !ok {
			err = fmt.Errorf("centring: %s has no vectors in %q to take a mean of", m.from, key)
			return
		}
		retrieve.Centre(rows, m.d, mean)
	})
	return err
}

// warnAlone warns of languages with a single row, which is its own mean.
func (m *means) warnAlone(out schemas.Output) {
	var alone []string
	for _, language := range slices.Sorted(maps.Keys(m.rows)) {
		if m.rows[language] == 1 {
			alone = append(alone, language)
		}
	}
	if len(alone) > 0 {
		out.Warn(fmt.Sprintf("centre: languages takes off its own mean what %s has a single row of, in %s: of a vector nothing is left, and all its scores are 0; "+
			"name tables with more texts of the language in means", m.from, strings.Join(alone, ", ")))
	}
}

// ofDocuments returns what is taken off the documents; nil for nothing.
func (c *Centring) ofDocuments(ctx context.Context, job Job, documents schemas.Table) (*means, error) {
	if c.Centre == centreNone {
		return nil, nil
	}
	tables := job.Tables["means"]
	if len(tables) == 0 {
		tables = []schemas.Table{documents}
	}
	return newMeans(ctx, c.Centre == centreDocuments, tables...)
}

// apart tells whether queries have means of their own.
func (c *Centring) apart(job Job) bool {
	return c.Centre == centreLanguages && len(job.Tables["means"]) == 0
}

// of returns what is taken off the queries and what off the documents; nil for nothing.
func (c *Centring) of(ctx context.Context, job Job, queries, documents schemas.Table) (ofQueries, ofDocuments *means, err error) {
	if ofDocuments, err = c.ofDocuments(ctx, job, documents); err != nil || !c.apart(job) {
		return ofDocuments, ofDocuments, err
	}
	if ofQueries, err = newMeans(ctx, false, queries); err != nil {
		return nil, nil, err
	}
	ofQueries.warnAlone(job.Outputs["hits"])
	ofDocuments.warnAlone(job.Outputs["hits"])
	return ofQueries, ofDocuments, nil
}
