package strict

import (
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Mistake is something wrong in a pipeline file.
type Mistake struct {
	File         string
	Line, Column int    // from 1; 0 for a value given with --set
	Where        string // step and key, such as stages.hits.top; empty for the file as a whole
	Problem      string
	Outside      bool // of the file: what it names is not there, say, and may be tomorrow
}

func (m Mistake) String() string {
	where := m.File
	if m.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", m.File, m.Line, m.Column)
	}
	if m.Where != "" {
		where += ": " + m.Where
	}
	return where + ": " + m.Problem
}

// Mistakes is an error that tells all that is wrong with a file at once, in file order.
type Mistakes []Mistake

func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, mistake := range m {
		lines[i] = mistake.String()
	}
	return strings.Join(lines, "\n")
}

// Outside tells whether the file itself has none of the mistakes.
func (m Mistakes) Outside() bool {
	return !slices.ContainsFunc(m, func(one Mistake) bool { return !one.Outside })
}

// Found collects what is wrong while a file is read and checked.
type Found struct {
	File string
	Dir  string // of the file: left out of the paths in messages
	List Mistakes
}

func (m *Found) Add(at *yaml.Node, where, format string, args ...any) {
	problem := fmt.Sprintf(format, args...)
	if m.Dir != "" && m.Dir != "/" {
		problem = strings.ReplaceAll(problem, m.Dir+string(filepath.Separator), "")
	}
	mistake := Mistake{File: m.File, Where: where, Problem: problem}
	if at != nil {
		mistake.Line, mistake.Column = at.Line, at.Column
	}
	m.List = append(m.List, mistake)
}

// Err returns everything found, sorted by position, or nil.
func (m *Found) Err() error {
	if len(m.List) == 0 {
		return nil
	}
	sort.SliceStable(m.List, func(i, j int) bool {
		a, b := m.List[i], m.List[j]
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return m.List
}

// DidYouMean returns `; did you mean "x"?` for the candidate nearest to word, or lists the candidates if none is near.
func DidYouMean(word string, candidates []string) string {
	best, distance := "", len([]rune(word))/2+1
	for _, c := range candidates {
		d := editDistance(word, c)
		if d < distance || best == "" && word != "" && strings.HasPrefix(c, word) {
			best, distance = c, min(d, distance)
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("; did you mean %q?", best)
	case len(candidates) > 0:
		return "; there is " + strings.Join(candidates, ", ")
	}
	return ""
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := diagonal
			if x[i] != y[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(y)]
}
