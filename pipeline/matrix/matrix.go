package matrix

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ferry-clir/ferry/pipeline/strict"
)

// A Matrix is the axes of a pipeline file and the cells that they make. The nil Matrix has no axes.
type Matrix struct {
	axes      []*axis
	cells     []Cell          // complete ones, in order: the last axis changes fastest, included ones come last
	nodes     int             // written by Substitute
	mentioned map[string]Axes // by axis and key of a mention, once known
}

// An axis is something that varies.
type axis struct {
	name   string
	at     *yaml.Node
	values []*value
	own    int  // values before those that include added
	axes   Axes // itself, and those that its values mention
}

// A value is one choice of an axis.
type value struct {
	label string
	node  *yaml.Node
}

// Axes is a set of a matrix's axes: bit i is the axis of that number.
type Axes uint64

// Has tells whether all others are among them.
func (a Axes) Has(others Axes) bool { return a&others == others }

// A Cell has a value, or nil, for each axis of the matrix.
type Cell []*value

// Label is the labels of the cell's values, with commas between them; empty for the cell without values.
func (c Cell) Label() string {
	var labels []string
	for _, v := range c {
		if v != nil {
			labels = append(labels, v.label)
		}
	}
	return strings.Join(labels, ",")
}

const (
	mostAxes  = 64
	mostCells = 10_000 // more is an accident
)

var (
	axisName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
	label    = regexp.MustCompile(`^[A-Za-z0-9_.+-]+$`)
)

// where a mistake stands.
const section = "matrix"

// Parse reads the section; what is wrong with it goes to found. It returns nil if there is no section, or nothing can be
// made of it.
func Parse(n *yaml.Node, found *strict.Found) *Matrix {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		found.Add(n, section, "should be a mapping of axes to their values, such as {seed: [1, 2, 3]}, is %s", strict.Describe(n))
		return nil
	}
	before := len(found.List)
	p := &parser{Found: found, Matrix: &Matrix{mentioned: map[string]Axes{}}}
	p.axesOf(n)
	if len(p.axes) == 0 && len(found.List) == before {
		found.Add(n, section, "has no axes; write one as seed: [1, 2, 3]")
	}
	if len(found.List) == before {
		p.choose()
		p.connect()
	}
	if len(found.List) == before {
		p.lay()
	}
	if len(found.List) > before {
		return nil
	}
	return p.Matrix
}

// Project returns the distinct cells of the given axes in the order of the complete ones, of those alone that have the values
// of within.
func (m *Matrix) Project(axes Axes, within Cell) []Cell {
	if m == nil || axes == 0 {
		return []Cell{nil}
	}
	var cells []Cell
	seen := map[string]bool{}
	for _, full := range m.cells {
		if !full.agrees(within) {
			continue
		}
		c := full.On(axes)
		if id := c.Label(); !seen[id] {
			seen[id] = true
			cells = append(cells, c)
		}
	}
	return cells
}

// On is the cell with values on the given axes alone.
func (c Cell) On(axes Axes) Cell {
	on := make(Cell, len(c))
	for i, v := range c {
		if axes.Has(1 << i) {
			on[i] = v
		}
	}
	return on
}

// agrees tells whether the cell has the values of another where that has any.
func (c Cell) agrees(other Cell) bool {
	for i, v := range other {
		if v != nil && v != c[i] {
			return false
		}
	}
	return true
}

// Cells is the number of complete cells.
func (m *Matrix) Cells() int {
	if m == nil {
		return 0
	}
	return len(m.cells)
}

// Names are the names of some axes, in order.
func (m *Matrix) Names(axes Axes) []string {
	var names []string
	if m == nil {
		return nil
	}
	for i, a := range m.axes {
		if axes.Has(1 << i) {
			names = append(names, a.name)
		}
	}
	return names
}

// Unused reports the axes that are not among those used.
func (m *Matrix) Unused(used Axes, found *strict.Found) {
	if m == nil {
		return
	}
	for i, a := range m.axes {
		if !used.Has(1 << i) {
			found.Add(a.at, section+"."+a.name, "no step mentions ${matrix.%s}", a.name)
		}
	}
}

// axis returns the number of the axis of that name, -1 if there is none.
func (m *Matrix) axis(name string) int {
	if m == nil {
		return -1
	}
	return slices.IndexFunc(m.axes, func(a *axis) bool { return a.name == name })
}
