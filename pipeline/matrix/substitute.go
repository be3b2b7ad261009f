package matrix

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ferry-clir/ferry/pipeline/strict"
)

// mostNodes is how many nodes may be written with values in place of mentions. More is an accident, or an attack.
const mostNodes = 1_000_000

// ownLabel is the key of a mention that stands for the label.
const ownLabel = "label"

// Substitute returns a copy of n with the cell's values in place of mentions. A mention that is all of a scalar becomes the
// value, at the value's position; within a text it becomes the label. What cannot be done goes to found; where is the dotted
// path of n. The cell has all axes that n mentions. It returns false if a value has no such key as is mentioned.
func (m *Matrix) Substitute(n *yaml.Node, c Cell, where string, found *strict.Found) (*yaml.Node, bool) {
	if m == nil {
		m = &Matrix{}
	}
	s := &substitution{m, c, found, true}
	return s.copy(n, where), s.complete
}

// A substitution puts the values of a cell in place of mentions.
type substitution struct {
	*Matrix
	cell     Cell
	found    *strict.Found
	complete bool // values had all keys so far
}

func (s *substitution) copy(n *yaml.Node, where string) *yaml.Node {
	copied := *n
	copied.Content = nil
	if s.nodes++; s.nodes > mostNodes {
		if s.nodes == mostNodes+1 {
			s.found.Add(n, where, "with its cells written out, this file has more than %d values", mostNodes)
		}
		return &copied
	}
	if part := mention.FindStringSubmatch(n.Value); part != nil && part[0] == n.Value && part[1] != "" {
		if chosen := s.chosen(n, part[1], where); chosen != nil {
			return s.copy(chosen, where)
		}
		return &copied
	}
	copied.Value = mention.ReplaceAllStringFunc(n.Value, func(text string) string {
		if text == "$$" {
			return text
		}
		return s.text(n, mention.FindStringSubmatch(text)[1], where)
	})
	for i, child := range n.Content {
		copied.Content = append(copied.Content, s.copy(child, below(n, i, where)))
	}
	return &copied
}

// text is what a mention within a text stands for.
func (s *substitution) text(n *yaml.Node, mentioned, where string) string {
	if !strings.Contains(mentioned, ".") {
		mentioned += "." + ownLabel
	}
	chosen := s.chosen(n, mentioned, where)
	if chosen == nil {
		return ""
	}
	chosen = s.copy(chosen, where)
	if chosen.Kind != yaml.ScalarNode {
		s.found.Add(n, where, "${matrix.%s} is %s here, which cannot stand within a text", mentioned, strict.Describe(chosen))
	}
	return chosen.Value
}

// chosen is the node that a mention, `axis` or `axis.key`, stands for; nil if its value has no such key.
func (s *substitution) chosen(n *yaml.Node, mentioned, where string) *yaml.Node {
	name, key, _ := strings.Cut(mentioned, ".")
	i := s.axis(name)
	if i < 0 || s.cell == nil || s.cell[i] == nil { // reported by Axes
		return nil
	}
	v := s.cell[i]
	if key == ownLabel {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v.label, Line: n.Line, Column: n.Column}
	}
	chosen, keys := v.under(key)
	if chosen == nil {
		s.complete = false
		s.found.Add(n, where, "the value %s of %s has no key %q%s", v.label, name, key, strict.DidYouMean(key, keys))
	}
	return chosen
}
