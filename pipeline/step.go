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
	"github.com/ferry-clir/ferry/pipeline/strict"
	"github.com/ferry-clir/ferry/schemas"
)

// A Step is one entry of a pipeline file.
type Step struct {
	Section   string // sources, models, stages or sinks
	Name      string
	kind      kind
	component any // what kind.make returned, filled in; nil if there is no such kind
	edges     []*edge
	at        map[string]*yaml.Node // where each of its keys stands, by key; "" is the step itself
	config    []byte                // canonical form of its keys, references left out
	samples   []sample              // built-in corpora that its paths name
	faulty    bool                  // a mistake was found in its own keys
	wanted    bool                  // is to be made though no sink asks for it

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

// The types of keys that stand for something outside the step.
var (
	tableRef = reflect.TypeFor[schemas.TableRef]()
	modelRef = reflect.TypeFor[schemas.ModelRef]()
	pathType = reflect.TypeFor[schemas.Path]()
)

var stepName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// decodeSteps decodes every entry of a section. An entry that cannot be decoded makes a faulty step, so that what
// refers to it is not blamed.
func decodeSteps(d *strict.Decoder, section string, n *yaml.Node) []*Step {
	var steps []*Step
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, entry := n.Content[i], n.Content[i+1]
		switch {
		case !stepName.MatchString(key.Value):
			d.Add(key, section, "%q is no name for a step: use letters, digits, _ and -", key.Value)
		case seen[key.Value]:
			d.Add(key, section, "there are two steps named %q", key.Value)
		default:
			seen[key.Value] = true
			before := len(d.List)
			s := &Step{Section: section, Name: key.Value, at: map[string]*yaml.Node{"": key}}
			decodeStep(d, s, entry)
			s.faulty = len(d.List) > before
			steps = append(steps, s)
		}
	}
	return steps
}

// decodeStep finds the step's kind and fills in its component.
func decodeStep(d *strict.Decoder, s *Step, entry *yaml.Node) {
	where := s.Where()
	if entry.Kind != yaml.MappingNode {
		d.Add(entry, where, "should be a mapping such as {kind: %s, ...}, is %s", kindNames(s.Section)[0], strict.Describe(entry))
		return
	}
	var kindNode *yaml.Node
	rest := *entry
	rest.Content = nil
	for i := 0; i+1 < len(entry.Content); i += 2 {
		switch key := entry.Content[i]; {
		case key.Value != "kind":
			rest.Content = append(rest.Content, entry.Content[i:i+2]...)
		case kindNode != nil:
			d.Add(key, where, "key \"kind\" stands here twice")
		default:
			kindNode = entry.Content[i+1]
		}
	}
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
	own.Decode(&rest, reflect.ValueOf(s.component).Elem(), where)
	for path, node := range own.At {
		if key, ok := strings.CutPrefix(path, where+"."); ok {
			s.at[key] = node
		}
	}
	s.readEdges(reflect.ValueOf(s.component).Elem())
	s.config = canonical(s.component)
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
			at := fmt.Sprintf("%s[%d]", key, i)
			if s.at[at] == nil { // one value in place of a list
				at = key
			}
			s.readEdge(key, at, v.Index(i))
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
	s.eachPath(func(key string, v reflect.Value) {
		path := v.String()
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

func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
