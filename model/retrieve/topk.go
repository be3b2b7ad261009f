package retrieve

import (
	"cmp"
	"math"
	"slices"
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

// clone returns a copy that shares no memory with d.
func (d Document) clone() Document {
	both := d.Language + d.ID
	return Document{both[:len(d.Language)], both[len(d.Language):]}
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
	passages bool       // a document may be added several times
	heap     []ranked   // heap[i] ranks below heap[2i+1] and heap[2i+2]
	kept     []Document // those of the heap's entries
}

// A ranked is a kept hit without its document, which takes longer to move.
type ranked struct {
	score    float32
	document int32 // where it is kept
}

// NewTopK returns an empty TopK for k hits.
func NewTopK(k int) TopK { return TopK{k: k} }

// Admits reports whether Add would keep h.
func (t *TopK) Admits(h Hit) bool {
	lowest := t.lowest()
	return h.Score > lowest || h.Score == lowest && (len(t.heap) < t.k || t.k > 0 && h.before(t.hit(0)))
}

// Add keeps h if it is among the k highest so far, with a copy of its strings:
// they may lie in memory that is used again. Its score is a number.
func (t *TopK) Add(h Hit) {
	if !t.Admits(h) {
		return
	}
	if t.passages {
		if at := slices.Index(t.kept, h.Document); at >= 0 {
			i := slices.IndexFunc(t.heap, func(r ranked) bool { return int(r.document) == at })
			if h.before(t.hit(i)) {
				t.heap[i].score = h.Score
				t.down(i)
			}
			return
		}
	}
	if len(t.heap) < t.k {
		t.heap = append(t.heap, ranked{h.Score, int32(len(t.kept))})
		t.kept = append(t.kept, h.clone())
		t.up(len(t.heap) - 1)
		return
	}
	t.heap[0].score = h.Score
	t.kept[t.heap[0].document] = h.clone()
	t.down(0)
}

// Hits returns the kept hits, highest first.
func (t *TopK) Hits() []Hit {
	hits := make([]Hit, len(t.heap))
	for i := range hits {
		hits[i] = t.hit(i)
	}
	slices.SortFunc(hits, Hit.compare)
	return hits
}

func (t *TopK) hit(i int) Hit { return Hit{t.kept[t.heap[i].document], t.heap[i].score} }

// lowest returns the score below which no hit is admitted, minus infinity while all are.
func (t *TopK) lowest() float32 {
	switch {
	case len(t.heap) < t.k:
		return float32(math.Inf(-1))
	case t.k == 0:
		return float32(math.Inf(1))
	}
	return t.heap[0].score
}

// above reports whether entry i ranks above entry j.
func (t *TopK) above(i, j int) bool {
	if a, b := t.heap[i].score, t.heap[j].score; a != b {
		return a > b
	}
	return t.hit(i).before(t.hit(j))
}

// up moves entry i towards the root until its parent ranks below it.
func (t *TopK) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !t.above(parent, i) {
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
		if right := child + 1; right < len(t.heap) && t.above(child, right) {
			child = right
		}
		if !t.above(i, child) {
			return
		}
		t.heap[i], t.heap[child] = t.heap[child], t.heap[i]
		i = child
	}
}
