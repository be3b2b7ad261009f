package measure

import (
	"math/bits"
	"math/rand/v2"
	"slices"
	"sync"
)

// A Panel holds the values of variants for the same queries in several languages. A query is one with its translations: what
// resamples queries takes or leaves them in all languages and variants together, since they are no independent samples.
type Panel struct {
	variants, languages int
	values              []float64 // (queries, variants*languages); 0 where the query does not count
	counts              []float64 // (queries, languages); 1 where the query counts, else 0
}

// NewPanel returns a panel without queries.
func NewPanel(variants, languages int) *Panel {
	return &Panel{variants: variants, languages: languages}
}

// Add adds a query: counts is (languages), whether it counts in each, values is (variants, languages).
func (p *Panel) Add(counts []bool, values [][]float64) {
	for _, counts := range counts {
		if counts {
			p.counts = append(p.counts, 1)
		} else {
			p.counts = append(p.counts, 0)
		}
	}
	for _, row := range values {
		for language, value := range row {
			if !counts[language] {
				value = 0
			}
			p.values = append(p.values, value)
		}
	}
}

func (p *Panel) queries() int { return len(p.counts) / p.languages }

// A Contrast gives each language a weight: 1 for one of them, 1/n each for a mean, some of them below 0 for a difference of
// means.
type Contrast []float64

// of is the weighted sum of the languages' means.
func (c Contrast) of(means []float64) (sum float64) {
	for language, weight := range c {
		if weight != 0 {
			sum += weight * means[language]
		}
	}
	return sum
}

// Queries is the number of queries that count in a language that the contrast looks at.
func (p *Panel) Queries(c Contrast) (n int) {
	for query := range p.queries() {
		if p.looksAt(c, query) {
			n++
		}
	}
	return n
}

func (p *Panel) looksAt(c Contrast, query int) bool {
	for language, counts := range p.counts[query*p.languages:][:p.languages] {
		if counts != 0 && c[language] != 0 {
			return true
		}
	}
	return false
}

// Value is the contrast of a variant's means by language.
func (p *Panel) Value(variant int, c Contrast) float64 {
	return c.of(p.whole()[variant*p.languages:])
}

// whole is the means over all queries.
func (p *Panel) whole() []float64 {
	all := make([]int, p.queries())
	for query := range all {
		all[query] = query
	}
	means := make([]float64, p.variants*p.languages)
	p.means(means, make([]float64, p.languages), all, means)
	return means
}

// Differences are those between two variants, query by query, so weighted that their mean is the difference of the variants'
// values. Queries that the contrast does not look at are left out.
func (p *Panel) Differences(a, b int, c Contrast) []float64 {
	perLanguage := make([]float64, p.languages)
	for i, counts := range p.counts {
		perLanguage[i%p.languages] += counts
	}
	n := float64(p.Queries(c))
	var differences []float64
	for query := range p.queries() {
		if !p.looksAt(c, query) {
			continue
		}
		row, sum := p.values[query*p.variants*p.languages:], 0.0
		for language, weight := range c {
			if weight != 0 {
				sum += weight * (row[a*p.languages+language] - row[b*p.languages+language]) / perLanguage[language]
			}
		}
		differences = append(differences, n*sum)
	}
	return differences
}

// means fills means, which is (variants, languages), with those over the drawn queries, and counts, which is (languages). A
// language none of whose queries was drawn keeps its means of the whole.
func (p *Panel) means(means, counts []float64, drawn []int, whole []float64) {
	clear(means)
	clear(counts)
	width := len(means)
	for _, query := range drawn {
		for i, value := range p.values[query*width:][:width] {
			means[i] += value
		}
		for language, counted := range p.counts[query*p.languages:][:p.languages] {
			counts[language] += counted
		}
	}
	for i := range means {
		if n := counts[i%p.languages]; n > 0 {
			means[i] /= n
		} else {
			means[i] = whole[i]
		}
	}
}

// Draws are bootstrap samples of a panel's queries (Efron 1979), each drawn for all variants and languages at once.
type Draws struct {
	languages int
	means     [][]float64 // (samples), each (variants, languages)
}

// Bootstrap draws samples samples, at least one. They depend on the panel and the seed alone, not on the number of workers.
func (p *Panel) Bootstrap(samples int, seed uint64, workers int) *Draws {
	d, whole := &Draws{p.languages, make([][]float64, samples)}, p.whole()
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			counts, drawn := make([]float64, p.languages), make([]int, p.queries())
			for sample := worker; sample < samples; sample += workers {
				random := rand.NewPCG(seed, uint64(sample))
				for i := range drawn {
					query, _ := bits.Mul64(random.Uint64(), uint64(len(drawn)))
					drawn[i] = int(query)
				}
				d.means[sample] = make([]float64, p.variants*p.languages)
				p.means(d.means[sample], counts, drawn, whole)
			}
		})
	}
	all.Wait()
	return d
}

// Interval is the 95 % percentile interval of a variant's value.
func (d *Draws) Interval(variant int, c Contrast) (low, high float64) {
	return d.interval(func(means []float64) float64 { return c.of(means[variant*d.languages:]) })
}

// GainInterval is the 95 % percentile interval of the difference of variant a's value to b's.
func (d *Draws) GainInterval(a, b int, c Contrast) (low, high float64) {
	return d.interval(func(means []float64) float64 { return c.of(means[a*d.languages:]) - c.of(means[b*d.languages:]) })
}

func (d *Draws) interval(of func(means []float64) float64) (low, high float64) {
	values := make([]float64, len(d.means))
	for sample, means := range d.means {
		values[sample] = of(means)
	}
	slices.Sort(values)
	return percentile(values, 0.025), percentile(values, 0.975)
}
