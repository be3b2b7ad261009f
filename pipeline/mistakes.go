package pipeline

import (
	"fmt"
	"regexp"

	"github.com/ferry-clir/ferry/pipeline/strict"
)

// bracketed is what a cell, among others, looks like in a message.
var bracketed = regexp.MustCompile(`\[[^\]]*\]`)

// oncePerEntry tells a mistake that several variants of an entry have once: at one place, in words that differ by the cell alone.
func oncePerEntry(all strict.Mistakes) strict.Mistakes {
	var once strict.Mistakes
	first, more := map[strict.Mistake]int{}, map[int]int{}
	for _, m := range all {
		id := m
		id.Where, id.Problem = bracketed.ReplaceAllString(m.Where, ""), bracketed.ReplaceAllString(m.Problem, "")
		if i, ok := first[id]; ok && m.Line > 0 && m.Where != once[i].Where {
			more[i]++
			continue
		}
		first[id] = len(once)
		once = append(once, m)
	}
	for i, n := range more {
		once[i].Problem += fmt.Sprintf(" (and %d more like it)", n)
	}
	return once
}
