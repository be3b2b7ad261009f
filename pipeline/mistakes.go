package pipeline

import (
	"fmt"
	"path/filepath"
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

// mistakes collects what is wrong while a file is read and checked.
type mistakes struct {
	file string
	dir  string // of the file: left out of the paths in messages
	list Mistakes
}

func (m *mistakes) add(at *yaml.Node, where, format string, args ...any) {
	problem := fmt.Sprintf(format, args...)
	if m.dir != "" && m.dir != "/" {
		problem = strings.ReplaceAll(problem, m.dir+string(filepath.Separator), "")
	}
	mistake := Mistake{File: m.file, Where: where, Problem: problem}
	if at != nil {
		mistake.Line, mistake.Column = at.Line, at.Column
	}
	m.list = append(m.list, mistake)
}

// err returns everything found, sorted by position, or nil.
func (m *mistakes) err() error {
	if len(m.list) == 0 {
		return nil
	}
	sort.SliceStable(m.list, func(i, j int) bool {
		a, b := m.list[i], m.list[j]
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return m.list
}

// didYouMean returns `; did you mean "x"?` for the candidate nearest to word, or lists the candidates if none is near.
func didYouMean(word string, candidates []string) string {
	best, distance := "", len([]rune(word))/2+1
	for _, c := range candidates {
		d := editDistance(word, c)
		if d < distance || best == "" && word != "" && strings.HasPrefix(c, word) {
			best, distance = c, d
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
