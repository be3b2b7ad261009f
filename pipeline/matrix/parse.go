package matrix

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/ferry-clir/ferry/pipeline/strict"
)

// A parser makes a matrix of its section.
type parser struct {
	*strict.Found
	*Matrix
	exclude, include   *yaml.Node
	excluded, included []*choice
	narrowed           bool // values are from the command line: what is excluded may not be among them
}

// axesOf reads the axes, and finds where cells are left out and added.
func (p *parser) axesOf(n *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, values := n.Content[i], n.Content[i+1]
		where := section + "." + key.Value
		switch {
		case key.Value == "exclude" && p.exclude == nil:
			p.exclude = values
		case key.Value == "include" && p.include == nil:
			p.include = values
		case key.Value == "exclude" || key.Value == "include" || p.axis(key.Value) >= 0:
			p.Add(key, where, "stands here twice")
		case !axisName.MatchString(key.Value):
			p.Add(key, section, "%q is no name for an axis: use letters, digits, _ and -", key.Value)
		case len(p.axes) == mostAxes:
			p.Add(key, where, "there are more than %d axes", mostAxes)
		default:
			a, before := &axis{name: key.Value, at: key}, len(p.List)
			a.values = p.values(a, values, where, nil)
			a.own = len(a.values)
			p.narrowed = p.narrowed || values.Line == 0
			if a.own == 0 && len(p.List) == before {
				p.Add(values, where, "has no values; write them as [a, b], or with labels as {a: ..., b: ...}")
			}
			p.axes = append(p.axes, a)
		}
	}
}

// values reads values: a list of scalars, or one of them, each its own label, or a mapping of labels to anything. A scalar that is
// the label of one of known is that value.
func (p *parser) values(a *axis, n *yaml.Node, where string, known []*value) []*value {
	var values []*value
	add := func(at *yaml.Node, v *value) {
		switch {
		case !label.MatchString(v.label) || at.Kind != yaml.ScalarNode || at.Tag == "!!null":
			p.Add(at, where, "%s cannot be a label, which is made of letters, digits and _ . + -; give it one, as in %s: {a: ...}", strict.Describe(at), a.name)
		case slices.ContainsFunc(values, func(other *value) bool { return other.label == v.label }):
			p.Add(at, where, "two values have the label %q", v.label)
		default:
			values = append(values, v)
		}
	}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if labelled(known, key.Value) != nil {
				p.Add(key, where, "%s has a value with the label %q already", a.name, key.Value)
				continue
			}
			add(key, &value{key.Value, n.Content[i+1]})
		}
		return values
	}
	items := []*yaml.Node{n}
	switch {
	case n.Kind == yaml.SequenceNode:
		items = n.Content
	case n.Tag == "!!null":
		items = nil
	}
	for _, item := range items {
		if v := labelled(known, item.Value); v != nil {
			add(item, v)
		} else {
			add(item, &value{item.Value, item})
		}
	}
	return values
}

func labelled(values []*value, label string) *value {
	for _, v := range values {
		if v.label == label {
			return v
		}
	}
	return nil
}

// choose reads what is left out and what is added, which may bring new values.
func (p *parser) choose() {
	for i, n := range items(p.exclude) {
		if c := p.choice(n, fmt.Sprintf("%s.exclude[%d]", section, i), false); c != nil {
			p.excluded = append(p.excluded, c)
		}
	}
	for i, n := range items(p.include) {
		if c := p.choice(n, fmt.Sprintf("%s.include[%d]", section, i), true); c != nil {
			p.included = append(p.included, c)
		}
	}
}

// lay makes the cells: all combinations, without those that are left out, and those that are added.
func (p *parser) lay() {
	if n := p.product(); n > mostCells {
		p.Add(p.axes[0].at, section, "makes more than %d cells", mostCells)
		return
	}
	p.combine(p.every(), func(c Cell) { p.cells = append(p.cells, c) })
	for _, c := range p.excluded {
		before := len(p.cells)
		p.cells = slices.DeleteFunc(p.cells, c.has)
		if len(p.cells) == before && !p.narrowed {
			p.Add(c.at, c.where, "leaves nothing out: there is no such cell, or not any more")
		}
	}
	for _, c := range p.included {
		p.add(c)
	}
	if len(p.cells) == 0 {
		p.Add(p.exclude, section+".exclude", "leaves no cell")
	}
}

// add adds the cells of a choice that are not there.
func (p *parser) add(c *choice) {
	before := len(p.cells)
	p.combine(c.values, func(cell Cell) {
		if len(p.cells) <= mostCells && !slices.ContainsFunc(p.cells, func(other Cell) bool { return slices.Equal(other, cell) }) {
			p.cells = append(p.cells, cell)
		}
	})
	switch {
	case len(p.cells) == before:
		p.Add(c.at, c.where, "adds nothing: these cells are there already")
	case len(p.cells) > mostCells:
		p.Add(c.at, c.where, "makes more than %d cells", mostCells)
	}
}

// every is the axes' own values.
func (p *parser) every() [][]*value {
	var all [][]*value
	for _, a := range p.axes {
		all = append(all, a.values[:a.own])
	}
	return all
}

// product is the number of all combinations, or more than mostCells.
func (p *parser) product() int {
	n := 1
	for _, a := range p.axes {
		if n *= a.own; n > mostCells {
			break
		}
	}
	return n
}

// combine calls do for every combination of values, one of each axis, the last axis changing fastest.
func (p *parser) combine(values [][]*value, do func(Cell)) {
	var next func(c Cell)
	next = func(c Cell) {
		if len(c) == len(values) {
			do(slices.Clone(c))
			return
		}
		for _, v := range values[len(c)] {
			next(append(c, v))
		}
	}
	next(make(Cell, 0, len(values)))
}
