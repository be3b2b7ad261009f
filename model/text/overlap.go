package text

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Comparable is what is left of a text when case, punctuation, white space and compatibility forms do not count: "Set an
// alarm!" and "set an  alarm" are the same.
func Comparable(s string) string {
	c := Cleaner{Form: "nfkc", RemoveControl: true}
	s = c.Clean(strings.ToLower(c.Clean(s))) // some small letters compose where their capitals do not
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsPunct(r)
	}), " ")
}

// An Overlap finds which texts of a list come again in other texts, exactly or nearly. It holds the list: 24 bytes a text, and
// about 400 more where near ones are looked for.
type Overlap struct {
	same   []digestAt
	near   *bandShape // nil if only exact ones are looked for
	short  [][sketchSize]uint16
	bands  [][]bandAt // by band
	sorted bool
}

type digestAt struct {
	digest [16]byte
	text   uint32
}

// A bandAt is a text's hash in a band. Hashes of 32 bits may meet by chance, which costs a comparison.
type bandAt struct{ hash, text uint32 }

// NewOverlap returns an Overlap of no texts. Texts whose shingles have a Jaccard similarity of at least near, above 0 and at most
// 1, are near; with 0, only exact ones are looked for.
func NewOverlap(near float64) *Overlap {
	o := &Overlap{}
	if near > 0 {
		shape := shapeFor(near)
		o.near, o.bands = &shape, make([][]bandAt, shape.count)
	}
	return o
}

// Add adds the next text of the list; the first is number 0. All are added before any is found. The sketch is looked at only
// where near ones are looked for.
func (o *Overlap) Add(digest [16]byte, sketch *Sketch) {
	text := uint32(len(o.same))
	o.same = append(o.same, digestAt{digest, text})
	if o.near == nil {
		return
	}
	o.short = append(o.short, sketch.short())
	for b := range o.bands {
		o.bands[b] = append(o.bands[b], bandAt{uint32(o.near.hash(sketch, b)), text})
	}
}

// Find calls found for every text of the list that is the same, with a similarity of 1, and then for those that are near,
// with the similarity of their sketches; a text may come several times. When found returns false, no more are wanted of the same
// ones, or of those that share a band. Without a list the sketch may be nil.
func (o *Overlap) Find(digest [16]byte, sketch *Sketch, found func(text int, similarity float64, same bool) (more bool)) {
	if len(o.same) == 0 {
		return
	}
	if !o.sorted {
		o.sort()
	}
	at, _ := slices.BinarySearchFunc(o.same, digest, func(d digestAt, want [16]byte) int { return bytes.Compare(d.digest[:], want[:]) })
	for at < len(o.same) && o.same[at].digest == digest && found(int(o.same[at].text), 1, true) {
		at++
	}
	for b, band := range o.bands {
		hash := uint32(o.near.hash(sketch, b))
		at, _ := slices.BinarySearchFunc(band, hash, func(one bandAt, want uint32) int { return cmp.Compare(one.hash, want) })
		for n := 0; n < mostCompared && at+n < len(band) && band[at+n].hash == hash; n++ {
			text := band[at+n].text
			if common := sketch.common(&o.short[text]); common >= o.near.least && !found(int(text), float64(common)/sketchSize, false) {
				break
			}
		}
	}
}

// sort prepares to find: the numbers of texts decide where hashes are the same.
func (o *Overlap) sort() {
	slices.SortFunc(o.same, func(a, b digestAt) int {
		return cmp.Or(bytes.Compare(a.digest[:], b.digest[:]), cmp.Compare(a.text, b.text))
	})
	for _, band := range o.bands {
		slices.SortFunc(band, func(a, b bandAt) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.text, b.text)) })
	}
	o.sorted = true
}
