package pipeline

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ferry-clir/ferry/pipeline/matrix"
	"github.com/ferry-clir/ferry/pipeline/strict"
)

// A fan makes of each entry of the file its variants: one for every cell of the axes that it mentions or, but for sinks and other
// collectors, that the steps it reads have.
type fan struct {
	matrix  *matrix.Matrix
	file    string
	entries []*entry
	byName  map[string]*entry // but for sinks, which nobody reads
	axes    map[*entry]matrix.Axes
	made    map[string]*variant // by name, but for sinks
}

// A variant is an entry with the values of a cell in place of mentions, and with references to the variants that it reads.
type variant struct {
	*entry
	node  *yaml.Node
	cell  string   // labels; empty for an entry that is not fanned out
	reads []string // names
	found *strict.Found
	// absent is a variant that does not exist: the values of its cell lack a key that it mentions, or what a sink reads is absent.
	absent bool
}

func (v *variant) name() string { return inCell(v.entry.name, v.cell) }

// inCell is the name of a step's variant.
func inCell(name, cell string) string {
	if cell == "" {
		return name
	}
	return name + "[" + cell + "]"
}

// fanOut returns the variants of all entries in file order, without those that no sink needs.
func fanOut(m *matrix.Matrix, entries []*entry, found *strict.Found) []*variant {
	f := &fan{m, found.File, entries, map[string]*entry{}, map[*entry]matrix.Axes{}, map[string]*variant{}}
	var used matrix.Axes
	for _, e := range entries {
		if e.section != "sinks" {
			f.byName[e.name] = e
		}
		before := len(found.List)
		f.axes[e] = m.Axes(e.node, e.where(), found)
		e.mistaken = len(found.List) > before
		used |= f.axes[e]
	}
	m.Unused(used, found)
	f.spread()
	variants := map[*entry][]*variant{}
	for _, last := range []bool{false, true} { // what collects leaves out what is absent
		for _, e := range entries {
			if e.collects() != last {
				continue
			}
			for _, c := range m.Project(f.axes[e], nil) {
				v := f.variant(e, c)
				variants[e] = append(variants[e], v)
				if e.section != "sinks" {
					f.made[v.name()] = v
				}
			}
		}
	}
	var all []*variant
	for _, e := range entries {
		all = append(all, variants[e]...)
	}
	return f.needed(all)
}

// A collector is a stage that puts cells side by side, as sinks do: it has the axes that it mentions itself.
type collector interface{ Collects() }

func (e *entry) collects() bool {
	if e.section == "sinks" {
		return true
	}
	_, ok := componentOf(e.section, e.node).(collector)
	return ok
}

// spread gives entries the axes of what they read.
func (f *fan) spread() {
	for again := true; again; {
		again = false
		for _, e := range f.entries {
			if e.collects() {
				continue
			}
			axes := f.axes[e]
			for _, c := range f.matrix.Project(axes, nil) {
				node, _ := f.matrix.Substitute(e.node, c, "", &strict.Found{})
				for _, r := range f.references(e, node) {
					axes |= f.axes[r.to]
				}
			}
			if axes != f.axes[e] {
				f.axes[e], again = axes, true
			}
		}
	}
}

// A reference is a scalar that names a step.
type reference struct {
	key  string
	node *yaml.Node
	name string
	rest string // what stands behind the name, such as .training
	to   *entry // nil if the name is that of a variant, or of nothing
}

// references finds the references of an entry whose mentions are substituted.
func (f *fan) references(e *entry, node *yaml.Node) []reference {
	var all []reference
	keys := referenceKeys(e.section, node)
	for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		key := node.Content[i].Value
		if !slices.Contains(keys, key) {
			continue
		}
		scalars := []*yaml.Node{node.Content[i+1]}
		if scalars[0].Kind == yaml.SequenceNode {
			scalars = scalars[0].Content
		}
		for _, scalar := range scalars {
			name, _ := cutRef(scalar.Value)
			all = append(all, reference{key, scalar, name, scalar.Value[len(name):], f.byName[name]})
		}
	}
	return all
}

// referenceKeys are the keys of an entry's kind that hold references.
func referenceKeys(section string, node *yaml.Node) []string {
	var keys []string
	for key, field := range fieldsOf(section, node) {
		t := field.Type()
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t == tableRef || t == modelRef {
			keys = append(keys, key)
		}
	}
	return keys
}

// fieldsOf are the fields of the component that an entry will be, by key; none if its kind is not known.
func fieldsOf(section string, node *yaml.Node) map[string]reflect.Value {
	component := componentOf(section, node)
	if component == nil {
		return nil
	}
	return strict.Fields(reflect.ValueOf(component).Elem())
}

// componentOf is a component of the kind that an entry names, without its keys; nil if the kind is not known.
func componentOf(section string, node *yaml.Node) any {
	for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == "kind" {
			if k, ok := kindOf(section, node.Content[i+1].Value); ok {
				return k.make()
			}
		}
	}
	return nil
}

// variant makes the variant of e in a cell of its axes.
func (f *fan) variant(e *entry, c matrix.Cell) *variant {
	v := &variant{entry: e, cell: c.Label(), found: &strict.Found{File: f.file}}
	var complete bool
	v.node, complete = f.matrix.Substitute(e.node, c, e.section+"."+v.name(), v.found)
	v.absent = !complete
	for _, r := range f.references(e, v.node) {
		if r.to == nil {
			v.reads = append(v.reads, r.name)
			continue
		}
		axes := f.axes[r.to]
		cells := []matrix.Cell{c.On(axes)}
		if !f.axes[e].Has(axes) {
			cells = f.matrix.Project(axes, c)
		}
		var names []string
		for _, of := range cells {
			names = append(names, inCell(r.to.name, of.Label()))
		}
		if e.collects() {
			there := slices.DeleteFunc(slices.Clone(names), func(name string) bool { made := f.made[name]; return made != nil && made.absent })
			if v.absent = v.absent || len(there) == 0; len(there) > 0 {
				names = there
			}
		}
		v.reads = append(v.reads, names...)
		v.refer(r, names, f.matrix.Names(axes&^f.axes[e]))
	}
	return v
}

// refer puts the names of variants in place of a reference: one of them, or all, which a key must be able to take. missing are
// the axes that they differ by.
func (v *variant) refer(r reference, names, missing []string) {
	if len(missing) == 0 {
		r.node.Value = names[0] + r.rest
		return
	}
	if fieldsOf(v.section, v.node)[r.key].Kind() != reflect.Slice {
		mentions := "${matrix." + strings.Join(missing, "}-${matrix.") + "}"
		v.found.Add(r.node, v.section+"."+v.name()+"."+r.key, "%s has a variant for each %s, and this takes one; mention %s in path, or name one, as in %s",
			r.to.name, strings.Join(missing, " and "), mentions, names[0])
		return
	}
	several := &yaml.Node{Kind: yaml.SequenceNode, Line: r.node.Line, Column: r.node.Column}
	for _, name := range names {
		one := *r.node
		one.Value = name + r.rest
		several.Content = append(several.Content, &one)
	}
	for i, n := range v.node.Content {
		switch at := slices.Index(n.Content, r.node); {
		case n == r.node:
			v.node.Content[i] = several
		case at >= 0:
			n.Content = slices.Replace(n.Content, at, at+1, several.Content...)
		}
	}
}

// needed leaves out the variants of fanned-out entries that do not exist or do not lead to a sink. Of an entry with none that does
// the first stays, to be reported.
func (f *fan) needed(all []*variant) []*variant {
	kept, has := map[*variant]bool{}, map[*entry]bool{}
	var keep func(v *variant)
	keep = func(v *variant) {
		if v == nil || kept[v] {
			return
		}
		kept[v], has[v.entry] = true, true
		for _, name := range v.reads {
			keep(f.made[name])
		}
	}
	for _, v := range all {
		if v.section == "sinks" && !v.absent || v.cell == "" {
			keep(v)
		}
	}
	for _, v := range all {
		if !has[v.entry] {
			keep(v)
		}
	}
	return slices.DeleteFunc(all, func(v *variant) bool { return !kept[v] })
}
