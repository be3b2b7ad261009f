package stages

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/model/measure"
	"github.com/ferry-clir/ferry/schemas"
)

// A board holds every query's value by one measure and scoring.
type board struct {
	measure, scoring string
	languages        []string // in the order in which they come, as variants are
	variants         []*scored
}

// scored is a variant's values, once a seed.
type scored struct {
	name  string
	seeds []*seedScores
}

type seedScores struct {
	seed   string                        // as messages name it
	values map[string]map[string]float64 // by language, then query
}

// String names the board.
func (b *board) String() string {
	if b.scoring == "" {
		return b.measure
	}
	return b.measure + ", " + b.scoring
}

// readBoards reads tables of scores. A query that is scored twice by one variant and seed is an error.
func readBoards(ctx context.Context, tables []schemas.Table) ([]*board, error) {
	var boards []*board
	for _, t := range tables {
		for batch, err := range t.Batches(ctx) {
			if err != nil {
				return nil, err
			}
			variant, scoring, language := texts(batch, schemas.Variant), texts(batch, schemas.Scoring), texts(batch, schemas.Language)
			name, query := texts(batch, schemas.Measure), texts(batch, schemas.QueryID)
			seed, value := column[*array.Int64](batch, schemas.TrainingSeed), column[*array.Float64](batch, schemas.Value)
			for i := range int(batch.NumRows()) {
				if query.IsNull(i) {
					continue
				}
				b := boardOf(&boards, name.Value(i), scoring.Value(i))
				trained := "no seed"
				if seed.IsValid(i) {
					trained = fmt.Sprintf("seed %d", seed.Value(i))
				}
				if !b.add(variant.Value(i), trained, language.Value(i), query.Value(i), value.Value(i)) {
					return nil, fmt.Errorf("%s: variant %q with %s has two values of %s for query %q in %s; give them different names by `variant`, or by `training_seed` or `scoring` in evaluate",
						t.Name, variant.Value(i), trained, b, query.Value(i), language.Value(i))
				}
			}
		}
	}
	if len(boards) == 0 {
		return nil, fmt.Errorf("there are no scores of queries to compare")
	}
	return boards, nil
}

// boardOf finds the board, or adds it.
func boardOf(boards *[]*board, measure, scoring string) *board {
	for _, b := range *boards {
		if b.measure == measure && b.scoring == scoring {
			return b
		}
	}
	b := &board{measure: clone(measure), scoring: clone(scoring)}
	*boards = append(*boards, b)
	return b
}

// add adds a query's value; false if there is one.
func (b *board) add(variant, seed, language, query string, value float64) bool {
	if !slices.Contains(b.languages, language) {
		b.languages = append(b.languages, clone(language))
	}
	v := b.variant(variant)
	if v < 0 {
		v = len(b.variants)
		b.variants = append(b.variants, &scored{name: clone(variant)})
	}
	values := b.variants[v].of(seed)
	if values[language] == nil {
		values[clone(language)] = map[string]float64{}
	}
	if _, twice := values[language][query]; twice {
		return false
	}
	values[language][clone(query)] = value
	return true
}

// variant is the place of the variant of that name, -1 if there is none.
func (b *board) variant(name string) int {
	return slices.IndexFunc(b.variants, func(v *scored) bool { return v.name == name })
}

// of is the values of a seed.
func (v *scored) of(seed string) map[string]map[string]float64 {
	for _, s := range v.seeds {
		if s.seed == seed {
			return s.values
		}
	}
	v.seeds = append(v.seeds, &seedScores{clone(seed), map[string]map[string]float64{}})
	return v.seeds[len(v.seeds)-1].values
}

// check makes sure that all variants were measured on the same queries, and that what the keys name is there.
func (b *board) check(baselines, lowResource []string) error {
	for _, name := range baselines {
		if b.variant(name) < 0 {
			var names []string
			for _, v := range b.variants {
				names = append(names, v.name)
			}
			return errors.New("baseline: " + noVariant(name, names))
		}
	}
	for _, language := range lowResource {
		if !slices.Contains(b.languages, language) {
			return fmt.Errorf("there are no scores in %q, which low_resource names; there are some in %s", language, listed(b.languages))
		}
	}
	if len(lowResource) == len(b.languages) {
		return fmt.Errorf("low_resource names all languages, so that there is no gap to the others")
	}
	first := b.variants[0].seeds[0]
	for _, v := range b.variants {
		for _, s := range v.seeds {
			for _, language := range b.languages {
				if query, ok := lacking(first.values[language], s.values[language]); !ok {
					return fmt.Errorf("variants %q with %s and %q with %s were measured on other queries, such as %q in %s; evaluate them on the same, with `absent: zero` and the same `query_languages`",
						b.variants[0].name, first.seed, v.name, s.seed, query, language)
				}
			}
		}
	}
	return nil
}

// lacking returns the first query that one of the two has alone; true if there is none.
func lacking(a, b map[string]float64) (string, bool) {
	var alone []string
	for query := range a {
		if _, ok := b[query]; !ok {
			alone = append(alone, query)
		}
	}
	for query := range b {
		if _, ok := a[query]; !ok {
			alone = append(alone, query)
		}
	}
	if len(alone) == 0 {
		return "", true
	}
	return slices.Min(alone), false
}

// panel averages over seeds. Queries stand in the order of their ids.
func (b *board) panel() *measure.Panel {
	p, reference := measure.NewPanel(len(b.variants), len(b.languages)), b.variants[0].seeds[0].values
	ids := map[string]bool{}
	for _, queries := range reference {
		for query := range queries {
			ids[query] = true
		}
	}
	counts, values := make([]bool, len(b.languages)), make([][]float64, len(b.variants))
	for _, query := range slices.Sorted(maps.Keys(ids)) {
		for l, language := range b.languages {
			_, counts[l] = reference[language][query]
		}
		for v, variant := range b.variants {
			values[v] = make([]float64, len(b.languages))
			for l, language := range b.languages {
				for _, s := range variant.seeds {
					values[v][l] += s.values[language][query]
				}
				values[v][l] /= float64(len(variant.seeds))
			}
		}
		p.Add(counts, values)
	}
	return p
}

// A scope is a language, or a group of them.
type scope struct {
	group, language string
	weights         measure.Contrast
}

// scopes are the languages, the mean over all, and where some are low-resource ones the means of both parts and the gap.
func (b *board) scopes(lowResource []string) []scope {
	n := len(b.languages)
	all, low, others, gap := make(measure.Contrast, n), make(measure.Contrast, n), make(measure.Contrast, n), make(measure.Contrast, n)
	var scopes []scope
	for l, language := range b.languages {
		one, group := make(measure.Contrast, n), schemas.GroupOthers
		one[l], all[l] = 1, 1/float64(n)
		if slices.Contains(lowResource, language) {
			group = schemas.GroupLowResource
			low[l] = 1 / float64(len(lowResource))
			gap[l] = -low[l]
		} else {
			others[l] = 1 / float64(n-len(lowResource))
			gap[l] = others[l]
		}
		scopes = append(scopes, scope{group, language, one})
	}
	scopes = append(scopes, scope{schemas.GroupAll, "", all})
	if len(lowResource) > 0 {
		scopes = append(scopes, scope{schemas.GroupLowResource, "", low}, scope{schemas.GroupOthers, "", others}, scope{schemas.GroupGap, "", gap})
	}
	return scopes
}

// spread is the standard deviation over seeds (with n-1); nil with fewer than two.
func (v *scored) spread(languages []string, weights measure.Contrast) *float64 {
	if len(v.seeds) < 2 {
		return nil
	}
	var values []float64
	for _, s := range v.seeds {
		value := 0.0
		for l, language := range languages {
			if weights[l] != 0 {
				queries := s.values[language]
				sum := 0.0
				for _, query := range slices.Sorted(maps.Keys(queries)) {
					sum += queries[query]
				}
				value += weights[l] * sum / float64(len(queries))
			}
		}
		values = append(values, value)
	}
	spread := measure.Deviation(values)
	return &spread
}
