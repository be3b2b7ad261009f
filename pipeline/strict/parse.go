package strict

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Parse returns the top level of a YAML document, written out without aliases and merge keys. What is wrong with it is
// in found.
func Parse(text []byte, found *Found) *yaml.Node {
	root, err := parse(text)
	if err != nil {
		found.List = append(found.List, syntaxMistake(found.File, text, err))
		return nil
	}
	return (&expander{Found: found}).expand(root)
}

// parse returns the top level of the YAML document, which must be alone.
func parse(text []byte) (*yaml.Node, error) {
	var document, another yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); err != nil && err != io.EOF {
		return nil, err
	}
	if err := decoder.Decode(&another); err == nil {
		return nil, fmt.Errorf("yaml: line %d: a second document begins here", another.Line)
	} else if err != io.EOF {
		return nil, err
	}
	if len(document.Content) == 0 {
		return &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}, nil
	}
	return document.Content[0], nil
}

var (
	syntaxLine    = regexp.MustCompile(`^line (\d+): (.*)$`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
	tabbed        = regexp.MustCompile(`(?m)^ *\t`)
	unquoted      = regexp.MustCompile(`[^"']\$\{`)
)

// syntaxMistake puts what the YAML library says into words, with the right line: it counts lines from 0 in some errors,
// and names none in others.
func syntaxMistake(file string, text []byte, err error) Mistake {
	problem, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	lineOf := func(offset int) int { return 1 + bytes.Count(text[:offset], []byte("\n")) }
	if found := syntaxLine.FindStringSubmatch(problem); found != nil {
		fmt.Sscan(found[1], &line)
		problem = found[2]
		if strings.HasPrefix(problem, "did not find expected") {
			line++
		}
	} else if found := unknownAnchor.FindStringSubmatch(problem); found != nil {
		line = lineOf(max(0, bytes.Index(text, []byte("*"+found[1]))))
	}
	lines := bytes.Split(text, []byte("\n"))
	if at := tabbed.FindIndex(text); at != nil {
		problem, line = "lines are indented with spaces, not with tabs", lineOf(at[0])
	} else if unquoted.Match(lines[min(line, len(lines))-1]) {
		problem += "; between { } or [ ], a ${VARIABLE} needs quotes"
	}
	return Mistake{File: file, Line: line, Column: 1, Problem: "this is not YAML: " + problem}
}
