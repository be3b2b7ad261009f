package strict

import (
	"regexp"

	"go.yaml.in/yaml/v3"
)

var variable = regexp.MustCompile(`\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}`)

// interpolate replaces ${VAR} and ${VAR:-default} in a scalar from the environment; $$ stands for one $. An undefined
// variable without a default is a mistake, and false is returned. What a value becomes is decided afterwards: ${N} may
// be a number.
func (d *Decoder) interpolate(n *yaml.Node, where string) bool {
	defined := true
	n.Value = variable.ReplaceAllStringFunc(n.Value, func(found string) string {
		if found == "$$" {
			return "$"
		}
		part := variable.FindStringSubmatch(found)
		if value, ok := d.Lookup(part[1]); ok && (value != "" || part[2] == "") {
			return value
		}
		if part[2] == "" {
			d.Add(n, where, "the environment variable %s is not set; set it, or write ${%s:-default}", part[1], part[1])
			defined = false
		}
		return part[3]
	})
	return defined
}
