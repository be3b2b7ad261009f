package text

import (
	"math"
	"strings"
	"unicode"
)

// Comparable is what is left of a text when case, punctuation, white space and compatibility forms do not count: "Set an
// alarm!" and "set an  alarm" are the same.
func Comparable(s string) string {
	s = Cleaner{Form: "nfkc", RemoveControl: true}.Clean(s)
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsPunct(r)
	}), " ")
}

// An Overlap finds which texts of a list come again in other texts, exactly or nearly. It holds the list: about 60 bytes a
// text, and 1 KB where near ones are looked for.
type Overlap struct {
	last   map[[16]byte]int // the last text of that digest
	before []int            // for each text the one before it with the same digest; -1 if there is none
	near   *bands           // nil if only exact ones are looked for
}

// NewOverlap returns an Overlap of no texts. Texts whose shingles have a Jaccard similarity of at least near, above 0 and at most
// 1, are near; with 0, only exact ones are looked for.
func NewOverlap(near float64) *Overlap {
	o := &Overlap{last: map[[16]byte]int{}}
	if near > 0 {
		o.near = newBands(math.MaxInt, near)
	}
	return o
}

// Add adds the next text of the list; the first is number 0. The sketch is looked at only where near ones are looked for.
func (o *Overlap) Add(digest [16]byte, sketch *Sketch) {
	text := len(o.before)
	before, ok := o.last[digest]
	if !ok {
		before = -1
	}
	o.before, o.last[digest] = append(o.before, before), text
	if o.near != nil {
		o.near.add(sketch, text)
	}
}

// Find calls found for every text of the list that is the same, with a similarity of 1, and then for those that are near,
// with the similarity of their sketches; a text may come several times. Without a list the sketch may be nil.
func (o *Overlap) Find(digest [16]byte, sketch *Sketch, found func(text int, similarity float64, same bool)) {
	for text, ok := o.last[digest]; ok && text >= 0; text = o.before[text] {
		found(text, 1, true)
	}
	if o.near == nil || len(o.before) == 0 {
		return
	}
	for text := range o.near.candidates(sketch, len(o.before)) {
		if common := o.near.common(sketch, text); common >= o.near.least {
			found(text, float64(common)/sketchSize, false)
		}
	}
}
