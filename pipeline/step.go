package pipeline

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/pipeline/schedule"
	"github.com/ferry-clir/ferry/pipeline/strict"
	"github.com/ferry-clir/ferry/schemas"
)

// A Step is one entry of a pipeline file.
type Step struct {
	Pipeline  string // that it is of
	Section   string // sources, models, stages or sinks
	Name      string // with its cell, if it is one of several: scores[ot,1]
	Cell      string // labels of its cell, such as ot,1; empty for a step that is not fanned out
	kind      kind
	component any // what kind.make returned, filled in; nil if there is no such kind
	edges     []*edge
	at        map[string]*yaml.Node // where each of its keys stands, by key; "" is the step itself
	config    []byte                // canonical form of its keys, references left out
	samples   []sample              // built-in corpora that its paths name
	delivery  *delivery             // of a sink that writes to an address; known after Check
	rooted    bool                  // one of its paths is written from the root on
	faulty    bool                  // a mistake was found in its own keys
	wanted    bool                  // is to be made though no sink asks for it
	seed      *uint64               // of its own; nil for the pipeline's

	tables []schemas.TableType // what it offers; known after Check
	model  *model.Info         // what it offers, if it makes a model; known after Check
}

// Where names the step as messages do: stages.hits.
func (s *Step) Where() string { return s.Section + "." + s.Name }

// Kind is the name of the step's kind.
func (s *Step) Kind() string { return s.kind.name }

// An edge is a reference to a table or a model of another step.
type edge struct {
	key   string // key that holds it, such as from
	ref   string // as written, such as mtop.documents
	where string // key with its place in a list, such as from[1]
	model bool   // to a model rather than to a table
	step  *Step  // what it refers to, once resolved
	table string // which of the step's tables; empty for the default one
}

// The types of keys that stand for something outside the step, or are written in a form of their own.
var (
	tableRef     = reflect.TypeFor[schemas.TableRef]()
	modelRef     = reflect.TypeFor[schemas.ModelRef]()
	pathType     = reflect.TypeFor[schemas.Path]()
	durationType = reflect.TypeFor[schedule.Duration]()
)

var stepName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// An entry is a step as it stands in the file.
type entry struct {
	section  string
	name     string
	key      *yaml.Node
	node     *yaml.Node
	mistaken bool // mentions an axis that does not exist
}

func (e *entry) where() string { return e.section + "." + e.name }

// readEntries lists the entries of a section, those whose names can be used.
func readEntries(d *strict.Decoder, section string, n *yaml.Node) []*entry {
	var entries []*entry
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case !stepName.MatchString(key.Value):
			d.Add(key, section, "%q is no name for a step: use letters, digits, _ and -", key.Value)
		case seen[key.Value]:
			d.Add(key, section, "there are two steps named %q", key.Value)
		default:
			seen[key.Value] = true
			entries = append(entries, &entry{section, key.Value, key, n.Content[i+1], false})
		}
	}
	return entries
}

// newStep decodes a variant. One that cannot be decoded makes a faulty step, so that what refers to it is not blamed.
func newStep(d *strict.Decoder, pipeline string, v *variant) *Step {
	before := len(d.List)
	s := &Step{Pipeline: pipeline, Section: v.section, Name: v.name(), Cell: v.cell, at: map[string]*yaml.Node{"": v.key}}
	if d.List = append(d.List, v.found.List...); len(v.found.List) == 0 && !v.mistaken {
		decodeStep(d, s, v.node)
	}
	s.faulty = v.mistaken || len(d.List) > before
	return s
}

// A presetter is a component whose key preset sets others, where they are not written.
type presetter interface{ Apply(preset string) }

// decodeStep finds the step's kind and fills in its component.
func decodeStep(d *strict.Decoder, s *Step, entry *yaml.Node) {
	where := s.Where()
	if entry.Kind != yaml.MappingNode {
		d.Add(entry, where, "should be a mapping such as {kind: %s, ...}, is %s", kindNames(s.Section)[0], strict.Describe(entry))
		return
	}
	rest, kindNode := without(d, entry, "kind", where)
	if kindNode == nil {
		d.Add(s.at[""], where, "has no kind; there is %s", strings.Join(kindNames(s.Section), ", "))
		return
	}
	var name string
	before := len(d.List)
	if d.Decode(kindNode, reflect.ValueOf(&name).Elem(), where+".kind"); len(d.List) > before {
		return
	}
	k, ok := kindOf(s.Section, name)
	if !ok {
		d.Add(kindNode, where, "unknown kind %q%s", name, strict.DidYouMean(name, kindNames(s.Section)))
		return
	}
	s.kind, s.component = k, k.make()
	own := &strict.Decoder{Found: d.Found, Lookup: d.Lookup, At: map[string]*yaml.Node{}}
	if k.depends.onSeed() {
		var seed *yaml.Node
		if rest, seed = without(d, rest, "seed", where); seed != nil {
			own.Decode(seed, reflect.ValueOf(&s.seed).Elem(), where+".seed")
		}
	}
	if c, ok := s.component.(presetter); ok {
		if _, node := without(d, rest, "preset", where); node != nil {
			var preset string // what is wrong with it is said when it is decoded with the other keys
			(&strict.Decoder{Found: &strict.Found{}, Lookup: d.Lookup, At: map[string]*yaml.Node{}}).Decode(node, reflect.ValueOf(&preset).Elem(), where)
			c.Apply(preset)
		}
	}
	own.Decode(rest, reflect.ValueOf(s.component).Elem(), where)
	for path, node := range own.At {
		if key, ok := strings.CutPrefix(path, where+"."); ok {
			s.at[key] = node
		}
	}
	s.readEdges(reflect.ValueOf(s.component).Elem())
	if c, ok := s.component.(celled); ok && s.Cell != "" {
		c.InCell(s.Cell)
	}
	if c, ok := s.component.(titled); ok {
		c.InPipeline(s.Pipeline, s.Name)
	}
	s.config = canonical(s.component)
}

// without takes a key that is not the component's out of an entry; the value is nil if it is not there.
func without(d *strict.Decoder, entry *yaml.Node, name, where string) (rest, value *yaml.Node) {
	copied := *entry
	copied.Content = nil
	for i := 0; i+1 < len(entry.Content); i += 2 {
		switch key := entry.Content[i]; {
		case key.Value != name:
			copied.Content = append(copied.Content, entry.Content[i:i+2]...)
		case value != nil:
			d.Add(key, where, "key %q stands here twice", name)
		default:
			value = entry.Content[i+1]
		}
	}
	return &copied, value
}

// readEdges finds the references among a component's fields, in the order of the struct.
func (s *Step) readEdges(v reflect.Value) {
	fields := strict.Fields(v)
	for _, key := range strict.Keys(v.Type()) {
		s.readEdge(key, key, fields[key])
	}
}

func (s *Step) readEdge(key, where string, v reflect.Value) {
	switch {
	case v.Type() == tableRef || v.Type() == modelRef:
		if v.String() != "" {
			s.edges = append(s.edges, &edge{key: key, ref: v.String(), where: where, model: v.Type() == modelRef})
		}
	case v.Kind() == reflect.Slice && (v.Type().Elem() == tableRef || v.Type().Elem() == modelRef):
		for i := range v.Len() {
			item := fmt.Sprintf("%s[%d]", key, i)
			at := item
			if s.at[at] == nil { // one value in place of a list
				at = key
			}
			if v.Type().Elem() == modelRef { // models are looked up one by one
				s.readEdge(item, at, v.Index(i))
			} else {
				s.readEdge(key, at, v.Index(i))
			}
		}
	}
}

// canonical is the JSON of a component's keys without its references, the same however the YAML was written.
func canonical(component any) []byte {
	v := reflect.ValueOf(component).Elem()
	values := map[string]any{}
	for key, field := range strict.Fields(v) {
		t := field.Type()
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t != tableRef && t != modelRef {
			values[key] = field.Interface()
		}
	}
	data, err := json.Marshal(values)
	if err != nil {
		panic("pipeline: a kind's keys must be plain values: " + err.Error())
	}
	return data
}

// place makes the paths of a component absolute: relative ones start at the file's folder, sample: ones in the work folder.
func (s *Step) place(dir, work string) {
	if c, ok := s.component.(placed); ok {
		c.InFolder(dir)
	}
	s.eachPath(func(key string, v reflect.Value) {
		path, onDisk := strings.CutPrefix(v.String(), "file://")
		if onDisk { // for those who write all paths as addresses
			v.SetString(path)
		}
		s.rooted = s.rooted || filepath.IsAbs(path)
		switch name, isSample := strings.CutPrefix(path, "sample:"); {
		case isSample:
			s.samples = append(s.samples, sample{key, name})
			v.SetString(filepath.Join(sampleFolder(work), name))
		case path != "" && !strings.Contains(path, "://"):
			v.SetString(absolute(dir, path))
		}
	})
}

// eachPath calls do for every path among the step's keys, in the order of the struct.
func (s *Step) eachPath(do func(key string, v reflect.Value)) {
	if s.component == nil {
		return
	}
	v := reflect.ValueOf(s.component).Elem()
	fields := strict.Fields(v)
	for _, key := range strict.Keys(v.Type()) {
		switch field := fields[key]; {
		case field.Type() == pathType:
			do(key, field)
		case field.Kind() == reflect.Slice && field.Type().Elem() == pathType:
			for i := range field.Len() {
				do(key, field.Index(i))
			}
		}
	}
}

// seedOr is the step's own seed, or the pipeline's.
func (s *Step) seedOr(pipeline uint64) uint64 {
	if s.seed != nil {
		return *s.seed
	}
	return pipeline
}

func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
