package text

import "math"

// Duplicates finds texts that are the same, or nearly, as one of those kept before. It remembers the last window of these;
// its memory is bounded by that: about 60 bytes a text, and 1 KB where near duplicates are looked for.
type Duplicates struct {
	kept    int // so far; text i stands at i modulo window
	window  int
	digests [][16]byte
	seen    map[[16]byte]int
	near    *bands // nil if only exact duplicates are looked for
}

// NewDuplicates returns a Duplicates that has seen nothing. Texts whose shingles have a Jaccard similarity of at least near,
// above 0 and at most 1, are near duplicates; with 0, only exact ones are looked for.
func NewDuplicates(window int, near float64) *Duplicates {
	d := &Duplicates{window: window, seen: map[[16]byte]int{}}
	if near > 0 {
		d.near = newBands(window, near)
	}
	return d
}

// Add says what a text is: "" if it is new and so kept, duplicate, or near_duplicate. Of counts the texts kept before it, or
// before the one that it is a duplicate of. The sketch is looked at only where near duplicates are looked for.
func (d *Duplicates) Add(digest [16]byte, sketch *Sketch) (reason string, of int) {
	if of, ok := d.seen[digest]; ok {
		return "duplicate", of
	}
	if d.near != nil {
		if of, ok := d.near.find(sketch, d.kept); ok {
			return "near_duplicate", of
		}
	}
	at := d.kept % d.window
	if d.kept < d.window {
		d.digests = append(d.digests, digest)
	} else {
		delete(d.seen, d.digests[at])
		d.digests[at] = digest
	}
	d.seen[digest] = d.kept
	if d.near != nil {
		d.near.add(sketch, d.kept)
	}
	d.kept++
	return "", d.kept - 1
}

// A bandShape is how sketches are cut into bands (locality-sensitive hashing): only sketches that agree in a whole band are
// compared.
type bandShape struct {
	least  int // values that near duplicates have in common
	values int // in a band
	count  int
}

// shapeFor chooses bands as long as they may be for nine in ten pairs of the least similarity to meet: 1 - (1 - s^values)^count.
func shapeFor(near float64) bandShape {
	shape := bandShape{least: int(math.Ceil(near*sketchSize - 1e-9)), values: 1, count: sketchSize}
	for values := 2; values <= sketchSize; values++ {
		count := sketchSize / values
		if 1-math.Pow(1-math.Pow(near, float64(values)), float64(count)) >= 0.9 {
			shape.values, shape.count = values, count
		}
	}
	return shape
}

func (b *bandShape) hash(s *Sketch, band int) uint64 {
	h := uint64(0)
	for _, v := range s[band*b.values : (band+1)*b.values] {
		h = mix(h ^ uint64(v))
	}
	return h
}

// bands are an index of the sketches of the last texts.
type bands struct {
	bandShape
	window int
	last   []map[uint64]int // for each band, the last text that has it
	before []int            // for each text and band, the text before it in last; -1 if there is none
	held   []uint64         // for each text and band, the band's hash
	short  [][sketchSize]uint16
}

func newBands(window int, near float64) *bands {
	b := &bands{window: window, bandShape: shapeFor(near)}
	for range b.count {
		b.last = append(b.last, map[uint64]int{})
	}
	return b
}

// mostCompared is the number of texts that a text is compared with in a band: in texts made from one template, bands are shared
// by many.
const mostCompared = 256

// find returns one of the kept texts in the window that is a near duplicate, of those that share a band the last ones.
func (b *bands) find(s *Sketch, kept int) (int, bool) {
	for band := range b.count {
		text, ok := b.last[band][b.hash(s, band)]
		for n := 0; ok && text >= 0 && text >= kept-b.window && n < mostCompared; n++ {
			if s.common(&b.short[text%b.window]) >= b.least {
				return text, true
			}
			text = b.before[text%b.window*b.count+band]
		}
	}
	return 0, false
}

// add adds a text in place of the one that leaves the window.
func (b *bands) add(s *Sketch, text int) {
	at := text % b.window
	if text < b.window {
		b.short = append(b.short, [sketchSize]uint16{})
		b.before = append(b.before, make([]int, b.count)...)
		b.held = append(b.held, make([]uint64, b.count)...)
	}
	b.short[at] = s.short()
	for band := range b.count {
		i := at*b.count + band
		if text >= b.window && b.last[band][b.held[i]] == text-b.window {
			delete(b.last[band], b.held[i])
		}
		hash := b.hash(s, band)
		b.before[i] = -1
		if last, ok := b.last[band][hash]; ok {
			b.before[i] = last
		}
		b.last[band][hash], b.held[i] = text, hash
	}
}
