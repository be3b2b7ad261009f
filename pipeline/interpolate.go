package pipeline

import (
	"regexp"

	"go.yaml.in/yaml/v3"
)

var variable = regexp.MustCompile(`\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}`)

// interpolate replaces ${VAR} and ${VAR:-default} in every value below n from the environment; $$ stands for one $.
// An undefined variable without a default is a mistake. What a value becomes is decided afterwards: ${N} may be a number.
func (m *mistakes) interpolate(n *yaml.Node, lookup func(string) (string, bool)) {
	switch n.Kind {
	case yaml.DocumentNode, yaml.SequenceNode:
		for _, c := range n.Content {
			m.interpolate(c, lookup)
		}
	case yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 {
			m.interpolate(n.Content[i], lookup)
		}
	case yaml.ScalarNode:
		n.Value = variable.ReplaceAllStringFunc(n.Value, func(found string) string {
			if found == "$$" {
				return "$"
			}
			part := variable.FindStringSubmatch(found)
			if value, ok := lookup(part[1]); ok && (value != "" || part[2] == "") {
				return value
			}
			if part[2] != "" {
				return part[3]
			}
			m.add(n, "", "the environment variable %s is not set; set it, or write ${%s:-default}", part[1], part[1])
			return ""
		})
	}
}
