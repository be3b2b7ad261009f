package tokenizer

import "math/bits"

// fewParts is how many parts a word has at most for the best pair to be looked for from the left: that beats a heap
// while all of them are in one or two lines of the cache.
const fewParts = 32

// rate looks up what merging p with the next part gives.
func (m *bpe) rate(parts []part, p *part) {
	p.rank = noRank
	if int(p.next) < len(parts) {
		to := m.merges.get(p.id, parts[p.next].id)
		p.rank, p.merged = to.rank, to.id
	}
}

// join merges the part at a place with the next one, and rates it and the part before anew.
func (m *bpe) join(parts []part, at int32) (before int32) {
	p := &parts[at]
	taken := &parts[p.next]
	p.id, p.length, p.next = p.merged, p.length+taken.length, taken.next
	taken.length, taken.rank = 0, noRank
	if int(p.next) < len(parts) {
		parts[p.next].before = at
	}
	m.rate(parts, p)
	if p.before >= 0 {
		m.rate(parts, &parts[p.before])
	}
	return p.before
}

// mergeFew merges until no pair is left, in quadratic time.
func (m *bpe) mergeFew(parts []part) {
	for {
		best, rank := -1, int32(noRank)
		for i := range parts {
			if parts[i].rank < rank {
				best, rank = i, parts[i].rank
			}
		}
		if best < 0 {
			return
		}
		m.join(parts, int32(best))
	}
}

// mergeMany merges until no pair is left, by a heap of ranks and places.
func (m *bpe) mergeMany(s *scratch) {
	h := (*rankHeap)(&s.heap)
	*h = (*h)[:0]
	add := func(at int32) {
		if at >= 0 && s.parts[at].rank != noRank {
			h.push(uint64(s.parts[at].rank)<<32 | uint64(at))
		}
	}
	for i := range s.parts {
		add(int32(i))
	}
	for len(*h) > 0 {
		top := h.pop()
		at := int32(uint32(top))
		if s.parts[at].rank != int32(top>>32) { // another merge has changed the pair
			continue
		}
		before := m.join(s.parts, at)
		add(at)
		add(before)
	}
}

// rankHeap is a binary heap, least first.
type rankHeap []uint64

func (h *rankHeap) push(x uint64) {
	*h = append(*h, x)
	for i := len(*h) - 1; i > 0; {
		up := (i - 1) / 2
		if (*h)[up] <= x {
			break
		}
		(*h)[i], (*h)[up] = (*h)[up], x
		i = up
	}
}

func (h *rankHeap) pop() uint64 {
	all := *h
	top, last := all[0], len(all)-1
	all[0] = all[last]
	all = all[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down+1 < last && all[down+1] < all[down] {
			down++
		}
		if down >= last || all[i] <= all[down] {
			break
		}
		all[i], all[down] = all[down], all[i]
		i = down
	}
	*h = all
	return top
}

// merge is what a pair of pieces becomes.
type merge struct {
	rank int32 // the lower the sooner
	id   int32
}

// mergeTable maps pairs of ids to merges. It is a hash table with linear probing, at most half full.
type mergeTable struct {
	slots []mergeSlot
	shift int
}

type mergeSlot struct {
	left, right int32
	merge
}

func newMergeTable(merges int) mergeTable {
	width := bits.Len(uint(2*merges + 1))
	t := mergeTable{slots: make([]mergeSlot, 1<<width), shift: 64 - width}
	for i := range t.slots {
		t.slots[i] = mergeSlot{left: -1, merge: merge{rank: noRank}}
	}
	return t
}

// slot returns the place of a pair, or the free one where it belongs.
func (t *mergeTable) slot(left, right int32) *mergeSlot {
	hash := (uint64(uint32(left))<<32 | uint64(uint32(right))) * 0x9E3779B97F4A7C15 >> t.shift
	for {
		s := &t.slots[hash]
		if s.left < 0 || s.left == left && s.right == right {
			return s
		}
		if hash++; hash == uint64(len(t.slots)) {
			hash = 0
		}
	}
}

// set adds a merge; the last of a pair counts.
func (t *mergeTable) set(left, right int32, to merge) {
	*t.slot(left, right) = mergeSlot{left, right, to}
}

// get returns what a pair becomes; its rank is noRank if it stays.
func (t *mergeTable) get(left, right int32) merge { return t.slot(left, right).merge }
