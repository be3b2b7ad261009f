package sinks

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/model/measure"
	"github.com/ferry-clir/ferry/sinks/figure"
)

// A pool is what the first hits of one scoring are of, where documents of several languages are searched at once.
type pool struct {
	scoring   string
	cutoff    int      // 0 if nothing but the relevant documents is known
	languages []string // of the documents
	titles    map[[2]string]string
}

// A pooledMeasure looks at the documents of one language: share, relevant_share and hole do.
type pooledMeasure struct {
	measure.Measure
	title, scoring string
}

// isPooled tells whether a measure does.
func isPooled(name string) bool {
	m, err := measure.Parse(name)
	return err == nil && m.Language != ""
}

// pooled notes a measure if it looks at the documents of one language.
func (s *scores) pooled(title, name, scoring string) bool {
	if !isPooled(name) {
		return false
	}
	if !slices.ContainsFunc(s.Pooled, func(m pooledMeasure) bool { return m.title == title }) {
		m, _ := measure.Parse(strings.Clone(name))
		s.Pooled = append(s.Pooled, pooledMeasure{m, title, strings.Clone(scoring)})
	}
	return true
}

// pools are those of each scoring and cutoff.
func (s *scores) pools() (pools []*pool) {
	for _, m := range slices.SortedStableFunc(slices.Values(s.Pooled), func(a, b pooledMeasure) int { return cmp.Compare(uint(a.Cutoff)-1, uint(b.Cutoff)-1) }) {
		fits := func(p *pool) bool { return p.scoring == m.scoring && (p.cutoff == m.Cutoff || m.Cutoff == 0) }
		if !slices.ContainsFunc(pools, fits) {
			pools = append(pools, &pool{scoring: m.scoring, cutoff: m.Cutoff, titles: map[[2]string]string{}})
		}
		for _, p := range pools {
			if fits(p) {
				addOnce(&p.languages, m.Language)
				p.titles[[2]string{m.Name, m.Language}] = m.title
			}
		}
	}
	return pools
}

// title is the pool's with its depth and scoring.
func (p *pool) title() string {
	if p.cutoff == 0 {
		return titled("documents", p.scoring)
	}
	return titled(fmt.Sprintf("of the first %d", p.cutoff), p.scoring)
}

// of is a measure of the pool by language, as a mean over the languages of queries.
func (p *pool) of(s *scores, name, variant string) func(language string) (float64, bool) {
	return func(language string) (float64, bool) {
		m, ok := s.mean(p.titles[[2]string{name, language}], variant)
		return m.Value, ok
	}
}

// relevant is the share of each language among the relevant documents, which is that of any variant.
func (p *pool) relevant(s *scores) func(language string) (float64, bool) {
	return func(language string) (float64, bool) {
		for _, variant := range s.Variants {
			if x, ok := p.of(s, measure.RelevantShare, variant)(language); ok {
				return x, true
			}
		}
		return 0, false
	}
}

// poolTable has a column a language, and rows for the relevant documents, and for each variant those found and those of them that
// nobody judged. It is coloured by how far a share is from that among the relevant.
func (s *scores) poolTable(p *pool, lowResource []string) figure.Table {
	columns := p.columns(s, lowResource)
	table := figure.Table{Name: "languages " + p.title(), Left: 1, Rows: [][]figure.Cell{figure.Cells(p.title())}}
	for _, c := range columns {
		table.Rows[0] = append(table.Rows[0], figure.Cells(c.name)...)
	}
	relevant := columns.values(p.relevant(s))
	shares, most := [][]float64{}, 0.0
	for _, variant := range s.Variants {
		share := columns.values(p.of(s, measure.Share, variant))
		for c := range columns {
			most = max(most, math.Abs(toNumber(share[c]-relevant[c])))
		}
		shares = append(shares, share)
	}
	table.Rows = appendRow(table.Rows, "relevant", relevant)
	for v, variant := range s.Variants {
		n := len(table.Rows)
		table.Rows = appendRow(table.Rows, variant, shares[v])
		for c, column := range columns {
			if len(table.Rows) > n && most > 0 && column.less == nil {
				table.Rows[n][c+1].Heat = toNumber(shares[v][c]-relevant[c]) / most
			}
		}
		table.Rows = appendRow(table.Rows, variant+", not judged", columns.values(p.of(s, measure.Hole, variant)))
	}
	return table
}

// toNumber is 0 for what is not known.
func toNumber(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return x
}

// appendRow adds a row of values, of which some may not be known; none if none is.
func appendRow(rows [][]figure.Cell, name string, values []float64) [][]figure.Cell {
	row, any := figure.Cells(name), false
	for _, x := range values {
		cell := figure.Cell{}
		if !math.IsNaN(x) {
			cell.Text, any = percent(x), true
		}
		row = append(row, cell)
	}
	if !any {
		return rows
	}
	return append(rows, row)
}

// A poolColumn is the mean over languages, less that over others where there are any.
type poolColumn struct {
	name       string
	mean, less []string
}

type poolColumns []poolColumn

// columns are one for each language for which there is room, and three for the low-resource languages beside the others.
func (p *pool) columns(s *scores, lowResource []string) (columns poolColumns) {
	share := func(variant, language string) (float64, bool) { return p.of(s, measure.Share, variant)(language) }
	for _, language := range furthestApart(p.languages, s.Variants, share) {
		columns = append(columns, poolColumn{name: language, mean: []string{language}})
	}
	low := kept(p.languages, lowResource)
	others := slices.DeleteFunc(slices.Clone(p.languages), func(language string) bool { return slices.Contains(low, language) })
	if len(low) > 0 && len(others) > 0 {
		columns = append(columns, poolColumn{"low-resource", low, nil}, poolColumn{"others", others, nil}, poolColumn{"gap", others, low})
	}
	return columns
}

// values are the columns' by a measure, not a number where it is not known.
func (columns poolColumns) values(of func(language string) (float64, bool)) []float64 {
	mean := func(languages []string) float64 {
		sum, n := 0.0, 0
		for _, language := range languages {
			if x, ok := of(language); ok {
				sum, n = sum+x, n+1
			}
		}
		if n == 0 {
			return math.NaN()
		}
		return sum / float64(n)
	}
	var values []float64
	for _, c := range columns {
		value := mean(c.mean)
		if c.less != nil {
			value -= mean(c.less)
		}
		values = append(values, value)
	}
	return values
}
