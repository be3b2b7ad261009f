package tokenizer

import (
	"cmp"
	"container/heap"
	"iter"
	"slices"
	"strings"
)

// mostRuns is the number of runs of pieces that are counted at a time; past it the rarest half is forgotten.
const mostRuns = 1 << 21

// A mine holds words as the vocabulary cuts them, and the runs of their pieces that may become one.
type mine struct {
	words []minedWord
	in    map[string][]int32 // the words in which a run stands
	queue runQueue
	least int64 // count below which a run is left out
}

// pieceRun is a run of pieces, and how many tokens it would save when that was last computed.
type pieceRun struct {
	text         string
	saved, count int64
}

type runQueue []pieceRun

func (q runQueue) Len() int { return len(q) }
func (q runQueue) Less(i, j int) bool {
	return q[i].saved > q[j].saved || q[i].saved == q[j].saved && q[i].text < q[j].text
}
func (q runQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push adds a run, which must be one; it is there for package heap.
func (q *runQueue) Push(x any) { *q = append(*q, x.(pieceRun)) }

// Pop removes the last run; it is there for package heap.
func (q *runQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// newMine counts the runs of words, and leaves out those that occur fewer than minCount times, are no part of a word or are
// tokens already.
func newMine(m extendable, words iter.Seq2[string, int64], minCount int64, isToken func(string) bool) *mine {
	d := &mine{in: map[string][]int32{}, least: minCount}
	for text, count := range words {
		d.words = append(d.words, minedWord{text: text, count: count})
	}
	slices.SortFunc(d.words, func(a, b minedWord) int {
		return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.text, b.text))
	})
	counts := map[string]int64{}
	for i := range d.words {
		m.cut(&d.words[i])
		for text := range d.words[i].runs() {
			counts[text] += d.words[i].count
		}
		if len(counts) > mostRuns {
			forget(counts)
		}
	}
	for text, count := range counts {
		if count < minCount || !isWordPart(text) || isToken(m.spelled(text)) {
			delete(counts, text)
		}
	}
	for i := range d.words {
		for text := range d.words[i].runs() {
			if _, ok := counts[text]; ok && (len(d.in[text]) == 0 || d.in[text][len(d.in[text])-1] != int32(i)) {
				d.in[text] = append(d.in[text], int32(i))
			}
		}
	}
	for text := range d.in {
		d.queue = append(d.queue, d.worth(text))
	}
	heap.Init(&d.queue)
	return d
}

// forget removes the rarer half of the runs, and all that are as rare as the most frequent of it.
func forget(counts map[string]int64) {
	values := make([]int64, 0, len(counts))
	for _, n := range counts {
		values = append(values, n)
	}
	slices.Sort(values)
	median := values[len(values)/2]
	for text, n := range counts {
		if n <= median {
			delete(counts, text)
		}
	}
}

// worth counts what a run would save now.
func (d *mine) worth(text string) pieceRun {
	r := pieceRun{text: text}
	for _, i := range d.in[text] {
		w := &d.words[i]
		w.places(text, func(from, to int) {
			r.count += w.count
			r.saved += w.count * int64(to-from-1)
		})
	}
	return r
}

// dig takes at most n runs, each time the one that saves most beside those that were taken before. What a run saves only
// falls, so that the first whose worth has not is the best.
func (d *mine) dig(n int) []Addition {
	var added []Addition
	for len(added) < n && len(d.queue) > 0 {
		best := d.worth(d.queue[0].text)
		switch {
		case best.count < max(1, d.least):
			heap.Pop(&d.queue)
		case best.saved < d.queue[0].saved:
			d.queue[0] = best
			heap.Fix(&d.queue, 0)
		default:
			heap.Pop(&d.queue)
			added = append(added, Addition{Piece: best.text, Count: best.count, Saved: best.saved})
			d.join(best.text)
		}
	}
	return added
}

// join makes one piece of each run with that text.
func (d *mine) join(text string) {
	for _, i := range d.in[text] {
		w := &d.words[i]
		var ends []int
		next := 0
		w.places(text, func(from, to int) {
			ends = append(ends, w.ends[next:from+1]...)
			next = to
		})
		w.ends = append(ends, w.ends[next:]...)
	}
}
