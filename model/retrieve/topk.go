package retrieve

import (
	"cmp"
	"slices"
	"strings"
)

// A Document is known by its language and its id.
type Document struct {
	Language, ID string
}

// Compare orders documents by language, then by id.
func (d Document) Compare(other Document) int {
	return cmp.Or(cmp.Compare(d.Language, other.Language), cmp.Compare(d.ID, other.ID))
}

// CompareTied orders documents with equal scores as trec_eval does, by id, the
// greater byte first. In a pool of several languages the id is the one that a
// TREC file has, with the language and a colon before it.
func (d Document) CompareTied(other Document) int {
	if d.Language == other.Language {
		return cmp.Compare(other.ID, d.ID)
	}
	return cmp.Compare(other.Language+":"+other.ID, d.Language+":"+d.ID)
}

// A Hit is a document with its score for a query.
type Hit struct {
	Document
	Score float32
}

// before reports whether a ranks above b: by score, higher first, then as
// CompareTied orders.
func (a Hit) before(b Hit) bool {
	if a.Score != b.Score {
		return a.Score > b.Score
	}
	return a.CompareTied(b.Document) < 0
}

// compare orders hits from the highest.
func (a Hit) compare(b Hit) int {
	switch {
	case a.before(b):
		return -1
	case b.before(a):
		return 1
	}
	return 0
}

// TopK keeps the k hits that rank highest of those added. The zero value keeps
// none.
type TopK struct {
	k        int
	passages bool  // a document may be added several times
	heap     []Hit // heap[i] ranks below heap[2i+1] and heap[2i+2]
}

// NewTopK returns an empty TopK for k hits.
func NewTopK(k int) TopK { return TopK{k: k} }

// Admits reports whether Add would keep h.
func (t *TopK) Admits(h Hit) bool {
	return len(t.heap) < t.k || t.k > 0 && h.before(t.heap[0])
}

// Add keeps h if it is among the k highest so far, with a copy of its strings:
// they may lie in memory that is used again. Its score is a number.
func (t *TopK) Add(h Hit) {
	if !t.Admits(h) {
		return
	}
	if t.passages {
		if i := slices.IndexFunc(t.heap, func(kept Hit) bool { return kept.Document == h.Document }); i >= 0 {
			if h.before(t.heap[i]) {
				t.heap[i].Score = h.Score
				t.down(i)
			}
			return
		}
	}
	h.Language, h.ID = strings.Clone(h.Language), strings.Clone(h.ID)
	if len(t.heap) < t.k {
		t.heap = append(t.heap, h)
		t.up(len(t.heap) - 1)
	} else {
		t.heap[0] = h
		t.down(0)
	}
}

// Hits returns the kept hits, highest first.
func (t *TopK) Hits() []Hit {
	hits := slices.Clone(t.heap)
	slices.SortFunc(hits, Hit.compare)
	return hits
}

// lowest returns the score below which no hit is admitted, if there is one.
func (t *TopK) lowest() (score float32, full bool) {
	if len(t.heap) < t.k {
		return 0, false
	}
	return t.heap[0].Score, true
}

// up moves entry i towards the root until its parent ranks below it.
func (t *TopK) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !t.heap[parent].before(t.heap[i]) {
			return
		}
		t.heap[parent], t.heap[i] = t.heap[i], t.heap[parent]
		i = parent
	}
}

// down moves entry i away from the root until both its children rank above it.
func (t *TopK) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(t.heap) {
			return
		}
		if right := child + 1; right < len(t.heap) && t.heap[child].before(t.heap[right]) {
			child = right
		}
		if !t.heap[i].before(t.heap[child]) {
			return
		}
		t.heap[i], t.heap[child] = t.heap[child], t.heap[i]
		i = child
	}
}
