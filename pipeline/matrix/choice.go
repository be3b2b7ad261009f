package matrix

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/ferry-clir/ferry/pipeline/strict"
)

// A choice is an entry of exclude or include: values of each axis.
type choice struct {
	at     *yaml.Node
	where  string
	values [][]*value // by axis
}

// has tells whether a cell has one of the choice's values on every axis.
func (c *choice) has(cell Cell) bool {
	for i, v := range cell {
		if !slices.Contains(c.values[i], v) {
			return false
		}
	}
	return true
}

// choice reads an entry. An axis that it does not name stands for all its own values. With adding, labels that the axis does not
// have are new values. It returns nil after a mistake.
func (p *parser) choice(n *yaml.Node, where string, adding bool) *choice {
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		p.Add(n, where, "should be a mapping of axes to labels, such as {%s: %s}, is %s", p.axes[0].name, p.axes[0].values[0].label, strict.Describe(n))
		return nil
	}
	before := len(p.List)
	c := &choice{n, where, p.every()}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		number := p.axis(key.Value)
		switch {
		case number < 0:
			p.Add(key, where, "there is no axis %q%s", key.Value, strict.DidYouMean(key.Value, p.Names(^Axes(0))))
		case seen[key.Value]:
			p.Add(key, where, "key %q stands here twice", key.Value)
		default:
			seen[key.Value] = true
			c.values[number] = p.chosen(p.axes[number], n.Content[i+1], where+"."+key.Value, adding)
		}
	}
	if len(p.List) > before {
		return nil
	}
	return c
}

// chosen reads the values of one axis, and adds new ones to it or says that they are unknown.
func (p *parser) chosen(a *axis, n *yaml.Node, where string, adding bool) []*value {
	values := p.values(a, n, where, a.values)
	for _, v := range values {
		switch {
		case slices.Contains(a.values, v):
		case adding:
			a.values = append(a.values, v)
		case p.narrowed:
		default:
			var labels []string
			for _, known := range a.values {
				labels = append(labels, known.label)
			}
			p.Add(v.node, where, "%s has no value %q%s", a.name, v.label, strict.DidYouMean(v.label, labels))
		}
	}
	return values
}

// items are the entries of a list, or one as a list of one.
func items(n *yaml.Node) []*yaml.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.SequenceNode:
		return n.Content
	}
	return []*yaml.Node{n}
}
