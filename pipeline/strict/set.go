package strict

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Set puts a value given on the command line, `stages.hits.top=50`, into the document. The value is YAML, so it may be
// a list or a mapping, written with brackets: what would be one without them, such as a prefix `query: `, is text. Keys
// that do not exist are added, and found wanting later like any other.
func Set(root *yaml.Node, assignment string) error {
	path, text, ok := strings.Cut(assignment, "=")
	if !ok || path == "" {
		return fmt.Errorf("--set %s: write it as key=value, such as stages.hits.top=50", assignment)
	}
	var value yaml.Node
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return fmt.Errorf("--set %s: %w", assignment, err)
	}
	given := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	if len(value.Content) > 0 {
		given = (&expander{Found: &Found{}}).expand(value.Content[0])
	}
	if given.Kind != yaml.ScalarNode && given.Style&yaml.FlowStyle == 0 {
		given = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	}
	withoutPosition(given)
	at := root
	for _, key := range strings.Split(path, ".") {
		next, err := child(at, key)
		if err != nil {
			return fmt.Errorf("--set %s: %w", assignment, err)
		}
		at = next
	}
	*at = *given
	return nil
}

// withoutPosition marks nodes as standing on the command line.
func withoutPosition(n *yaml.Node) {
	n.Line, n.Column = 0, 0
	for _, c := range n.Content {
		withoutPosition(c)
	}
}

// child returns the node below n that key names, an item of a list by its number; what is missing in a mapping is added.
func child(n *yaml.Node, key string) (*yaml.Node, error) {
	switch n.Kind {
	case yaml.SequenceNode:
		i, err := strconv.Atoi(key)
		if err != nil || i < 0 || i >= len(n.Content) {
			return nil, fmt.Errorf("%q should be the number of one of %d items, from 0", key, len(n.Content))
		}
		return n.Content[i], nil
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1], nil
			}
		}
	case yaml.ScalarNode:
		if n.Tag != "!!null" {
			return nil, fmt.Errorf("%q cannot stand below a single value", key)
		}
		*n = yaml.Node{Kind: yaml.MappingNode}
	}
	value := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key, Tag: "!!str"}, value)
	return value, nil
}
