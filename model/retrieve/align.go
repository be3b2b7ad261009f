package retrieve

import (
	"cmp"
	"maps"
	"slices"
)

// Neighbours are the hits of texts among those of other languages, best first.
type Neighbours map[Document][]Hit

// Aligned are two texts that are each other's translation, as far as margins tell.
type Aligned struct {
	Source, Target Document
	// Margin is how many times as near they are as their neighbours.
	Margin float64
}

// Align finds translations among texts that nobody aligned, by the ratio margin of Artetxe and Schwenk (ACL 2019): the
// similarity of two texts over the mean of what each has with its k nearest of the other language. Cosines alone
// would pair all with a few texts that are near everything.
//
// sources are the hits of each target text among source texts, targets those of each source text among target texts,
// which may be of several languages. Each text offers its best neighbour, and of these pairs, from the largest margin
// down to least, those are taken neither of whose texts is taken in that pair of languages.
func Align(sources, targets Neighbours, k int, least float64) []Aligned {
	inLanguage := map[Document]map[string][]Hit{}
	for source, hits := range targets {
		inLanguage[source] = map[string][]Hit{}
		for _, h := range hits {
			inLanguage[source][h.Language] = append(inLanguage[source][h.Language], h)
		}
	}
	offered := map[[2]Document]float64{}
	best := func(hits []Hit, pair func(Document) (source, target Document)) {
		top, found := Aligned{}, false
		for _, h := range hits[:min(k, len(hits))] {
			source, target := pair(h.Document)
			around := (mean(sources[target], k) + mean(inLanguage[source][target.Language], k)) / 2
			if margin := float64(h.Score) / around; around > 0 && (!found || margin > top.Margin) {
				top, found = Aligned{source, target, margin}, true
			}
		}
		if found && top.Margin >= least {
			offered[[2]Document{top.Source, top.Target}] = top.Margin
		}
	}
	for target, hits := range sources {
		best(hits, func(source Document) (Document, Document) { return source, target })
	}
	for source, byLanguage := range inLanguage {
		for _, hits := range byLanguage {
			best(hits, func(target Document) (Document, Document) { return source, target })
		}
	}
	return take(offered)
}

// take takes pairs from the largest margin down, none of whose texts was taken before.
func take(offered map[[2]Document]float64) (taken []Aligned) {
	order := slices.SortedFunc(maps.Keys(offered), func(a, b [2]Document) int {
		return cmp.Or(cmp.Compare(offered[b], offered[a]), a[1].Compare(b[1]), a[0].Compare(b[0]))
	})
	type use struct {
		Document
		other string // language
	}
	used := map[use]bool{}
	for _, pair := range order {
		source, target := use{pair[0], pair[1].Language}, use{pair[1], pair[0].Language}
		if !used[source] && !used[target] {
			used[source], used[target] = true, true
			taken = append(taken, Aligned{pair[0], pair[1], offered[pair]})
		}
	}
	return taken
}

// mean is the mean score of the first k hits, 0 of none.
func mean(hits []Hit, k int) float64 {
	sum := 0.0
	for _, h := range hits[:min(k, len(hits))] {
		sum += float64(h.Score)
	}
	return sum / float64(max(1, min(k, len(hits))))
}
