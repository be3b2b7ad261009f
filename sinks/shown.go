package sinks

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// What a page shows at most, so that its size does not grow with the data. The files beside it have all.
const (
	mostLanguages = 40
	mostVariants  = 40
	mostMeasures  = 10
)

// shown are the boards that a page has room for, with the languages and variants for which it has, and what is left out, in words.
// Shares of languages have a table of their own, below the scores.
func (c comparisons) shown() (comparisons, []string) {
	var boards comparisons
	for _, b := range c {
		if !b.pooled {
			boards = append(boards, b)
		}
	}
	left := leftOut{file: "comparisons.parquet"}
	left.add(min(len(boards), mostMeasures), len(boards), "tables")
	left.add(0, len(c)-len(boards), "comparisons of shares of languages")
	boards = slices.Clone(boards[:min(len(boards), mostMeasures)])
	var languages []string
	for i, b := range boards {
		one := *b
		if i == 0 {
			languages = furthestApart(b.languages, b.variants, b.value)
			left.add(len(languages), len(b.languages), "languages, those in which variants differ most")
			left.add(min(len(b.variants), mostVariants), len(b.variants), "variants, the best")
		}
		one.languages = kept(b.languages, languages)
		one.variants = b.variants[:min(len(b.variants), mostVariants)]
		boards[i] = &one
	}
	return boards, left.words()
}

// furthestApart are languages in their order, no more than there is room for: those in which the values of variants differ most,
// and of one variant those of the lowest.
func furthestApart(languages, variants []string, value func(variant, language string) (float64, bool)) []string {
	if len(languages) <= mostLanguages {
		return languages
	}
	return most(languages, mostLanguages, func(language string) float64 {
		low, high := math.Inf(1), math.Inf(-1)
		for _, variant := range variants {
			if x, ok := value(variant, language); ok {
				low, high = min(low, x), max(high, x)
			}
		}
		if low == high { // one variant alone
			return -low
		}
		return high - low
	})
}

// most are the n names of the highest values, in their order.
func most(names []string, n int, value func(name string) float64) []string {
	values := map[string]float64{}
	for _, name := range names {
		values[name] = value(name)
	}
	sorted := slices.Clone(names)
	slices.SortStableFunc(sorted, func(x, y string) int { return cmp.Compare(values[y], values[x]) })
	return kept(names, sorted[:min(n, len(sorted))])
}

// kept are the names that stand in both lists, in the order of the first.
func kept(names, in []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(in, name) })
}

// leftOut is what a page has of more than it has room for.
type leftOut struct {
	parts []string
	file  string // that has all
}

func (l *leftOut) add(shown, of int, what string) {
	if shown < of {
		l.parts = append(l.parts, fmt.Sprintf("%d of %d %s", shown, of, what))
	}
}

// words are a sentence, or none if nothing is left out.
func (l leftOut) words() []string {
	if len(l.parts) == 0 {
		return nil
	}
	return []string{"Shown here: " + strings.Join(l.parts, "; ") + ". " + l.file + " has all."}
}

// some are the first names of a list.
func some(names []string) string {
	const most = 20
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
