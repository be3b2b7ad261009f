package measure

import (
	"strconv"
	"strings"
)

// nearest returns the measure one of whose spellings takes the fewest edits to
// become name, the earlier in the table where they are equal, with the cutoff
// that the number is, or with 10 where it cannot go without one.
func nearest(name string, number *string) Measure {
	name = strings.ToLower(name)
	best, near := -1, &kinds[0]
	for i := range kinds {
		for _, known := range kinds[i].spellings() {
			if d := edits(name, strings.ToLower(known)); best < 0 || d < best {
				best, near = d, &kinds[i]
			}
		}
	}
	m := near.example()
	if number != nil && near.cut <= mustBeCut {
		if cutoff, err := strconv.Atoi(*number); err == nil && cutoff > 0 {
			m.Cutoff = cutoff
		}
	}
	return m
}

// edits returns the number of bytes to insert, delete or replace to turn a
// into b (Levenshtein's distance), in time len(a)*len(b).
func edits(a, b string) int {
	row := make([]int, len(b)+1) // row[j]: edits from a[:i] to b[:j]
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
