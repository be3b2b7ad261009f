package matrix

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ferry-clir/ferry/pipeline/strict"
)

// mention matches `${matrix.axis}` and `${matrix.axis.key}`. What stands after `$$` is text.
var mention = regexp.MustCompile(`\$\$|\$\{matrix\.([^}]*)\}`)

// Axes returns the axes that a node mentions, and those that the values mention which stand in place of a mention. Mentions of
// axes that do not exist go to found; where is the dotted path of n.
func (m *Matrix) Axes(n *yaml.Node, where string, found *strict.Found) Axes {
	var axes Axes
	m.eachMention(n, where, found, func(i int, key string) { axes |= m.within(i, key) })
	return axes
}

// within is the axis i, and those that the nodes mention which a mention of it stands for.
func (m *Matrix) within(i int, key string) Axes {
	id := m.axes[i].name + "." + key
	axes, ok := m.mentioned[id]
	if ok {
		return axes
	}
	axes = 1 << i
	for _, v := range m.axes[i].values {
		if n, _ := v.under(key); n != nil {
			axes |= m.Axes(n, "", &strict.Found{})
		}
	}
	m.mentioned[id] = axes
	return axes
}

// eachMention calls do for every mention in n, with the number of its axis and the key: empty for the whole value.
func (m *Matrix) eachMention(n *yaml.Node, where string, found *strict.Found, do func(i int, key string)) {
	for _, part := range mention.FindAllStringSubmatch(n.Value, -1) {
		if part[0] == "$$" {
			continue
		}
		name, key, keyed := strings.Cut(part[1], ".")
		if !keyed && part[0] != n.Value {
			key = ownLabel
		}
		switch i := m.axis(name); {
		case i >= 0:
			do(i, key)
		case m == nil:
			found.Add(n, where, "mentions %s, and there is no matrix", part[0])
		default:
			found.Add(n, where, "there is no axis %q%s", name, strict.DidYouMean(name, m.Names(^Axes(0))))
		}
	}
	for i, c := range n.Content {
		m.eachMention(c, below(n, i, where), found, do)
	}
}

// under is the node at a key of a value, the whole value for an empty one; nil if there is none, and the keys that there are.
func (v *value) under(key string) (*yaml.Node, []string) {
	if key == "" {
		return v.node, nil
	}
	var keys []string
	if v.node.Kind == yaml.MappingNode {
		for k := 0; k+1 < len(v.node.Content); k += 2 {
			if v.node.Content[k].Value == key {
				return v.node.Content[k+1], nil
			}
			keys = append(keys, v.node.Content[k].Value)
		}
	}
	return nil, keys
}

// below is the dotted path of the i-th node of n's content.
func below(n *yaml.Node, i int, where string) string {
	if n.Kind == yaml.MappingNode && i%2 == 1 {
		return where + "." + n.Content[i-1].Value
	}
	return where
}

// connect makes sure that values mention axes that exist, and not in circles.
func (p *parser) connect() {
	reached := make([]Axes, len(p.axes)) // from each axis
	for k, a := range p.axes {
		for _, v := range a.values {
			p.eachMention(v.node, section+"."+a.name+"."+v.label, p.Found, func(i int, _ string) { reached[k] |= 1 << i })
		}
	}
	for through := range p.axes {
		for k := range p.axes {
			if reached[k].Has(1 << through) {
				reached[k] |= reached[through]
			}
		}
	}
	for k, a := range p.axes {
		if reached[k].Has(1 << k) {
			p.Add(a.at, section+"."+a.name, "its values mention ${matrix.%s}, themselves or through others", a.name)
		}
	}
}
