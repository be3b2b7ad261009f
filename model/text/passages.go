package text

import (
	"unicode"

	"github.com/rivo/uniseg"
)

// Passages cuts a text into passages of at most size characters, each of which but the first begins with about the last
// overlap characters of the one before; size is above 0 and overlap below it. Together they hold every character. A passage
// ends after white space where there is some in its last quarter, else between two grapheme clusters, so that no letter
// loses its accent; a cluster longer than size is a passage of its own.
func Passages(s string, size, overlap int) []string {
	at := boundaries(s)
	var passages []string
	for from, done := 0, 0; done < len(at)-1; {
		end := cut(at, from, done, size)
		if end <= done { // what comes next is too long to overlap
			from = done
			continue
		}
		passages = append(passages, s[at[from].bytes:at[end].bytes])
		from, done = back(at, from, end, overlap), end
	}
	return passages
}

// cut returns where the passage ends that begins at from, the one before having ended at done.
func cut(at []boundary, from, done, size int) int {
	end, space := from+1, 0
	for next := end; next < len(at) && at[next].characters-at[from].characters <= size; next++ {
		if end = next; at[next].space && next > done {
			space = next
		}
	}
	if end < len(at)-1 && space > 0 && 4*(at[space].characters-at[from].characters) >= 3*size {
		return space
	}
	return end
}

// back returns where the passage begins that follows the one from from to end: after white space within the overlap, where
// there is some, the earliest.
func back(at []boundary, from, end, overlap int) int {
	begin := end
	for begin-1 > from && at[end].characters-at[begin-1].characters <= overlap {
		begin--
	}
	for b := begin; b < end; b++ {
		if at[b].space {
			return b
		}
	}
	return begin
}

// A boundary lies between two grapheme clusters, or at an end of the text.
type boundary struct {
	bytes, characters int  // before it
	space             bool // the cluster before it is white space
}

func boundaries(s string) []boundary {
	list := []boundary{{}}
	state := -1
	for rest, last := s, (boundary{}); len(rest) > 0; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		last.bytes += len(cluster)
		for _, r := range cluster {
			last.characters++
			last.space = unicode.IsSpace(r)
		}
		list = append(list, last)
	}
	return list
}
