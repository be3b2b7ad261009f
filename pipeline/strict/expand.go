package strict

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// mostNodes is how many nodes a file may have once its aliases are written out. More is an accident, or an attack.
const mostNodes = 100_000

// An expander writes a YAML document out: without aliases and merge keys, so that every node stands in one place.
type expander struct {
	*Found
	open  []*yaml.Node // what is being copied, outermost first
	nodes int
}

// expand returns a copy of n with a copy of what it names in place of every alias. Copies keep the position of what
// they copy.
func (x *expander) expand(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		if slices.Contains(x.open, n.Alias) {
			x.Add(n, "", "*%s stands inside of what it names", n.Value)
			return empty(n)
		}
		return x.expand(n.Alias)
	}
	if x.nodes++; x.nodes > mostNodes {
		if x.nodes == mostNodes+1 {
			x.Add(n, "", "with its aliases written out, this file has more than %d values", mostNodes)
		}
		return empty(n)
	}
	x.open = append(x.open, n)
	defer func() { x.open = x.open[:len(x.open)-1] }()
	expanded := *n
	expanded.Anchor, expanded.Content = "", nil
	if n.Kind == yaml.MappingNode {
		expanded.Content = x.expandMapping(n)
		return &expanded
	}
	for _, c := range n.Content {
		expanded.Content = append(expanded.Content, x.expand(c))
	}
	return &expanded
}

func empty(at *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: at.Line, Column: at.Column}
}

// expandMapping returns a mapping's own keys and values, then those of its merge keys (`<<: *anchor`, or a list of
// such) that it does not have itself.
func (x *expander) expandMapping(n *yaml.Node) []*yaml.Node {
	var own, merged []*yaml.Node
	have := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := x.expand(n.Content[i]), x.expand(n.Content[i+1])
		if key.Tag == "!!merge" {
			merged = append(merged, x.mergedKeys(value)...)
			continue
		}
		own = append(own, key, value)
		have[key.Value] = true
	}
	for i := 0; i+1 < len(merged); i += 2 {
		if key := merged[i].Value; !have[key] {
			own = append(own, merged[i], merged[i+1])
			have[key] = true
		}
	}
	return own
}

func (x *expander) mergedKeys(n *yaml.Node) []*yaml.Node {
	switch n.Kind {
	case yaml.MappingNode:
		return n.Content
	case yaml.SequenceNode:
		var all []*yaml.Node
		for _, c := range n.Content {
			all = append(all, x.mergedKeys(c)...)
		}
		return all
	}
	x.Add(n, "", "<< takes a mapping or a list of mappings, here it is %s", Describe(n))
	return nil
}
