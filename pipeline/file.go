package pipeline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"

	"go.yaml.in/yaml/v3"

	"github.com/ferry-clir/ferry/schemas"
)

// A Pipeline is a pipeline file, read: its steps in file order and what holds for all of them.
type Pipeline struct {
	Name       string
	Seed       uint64
	MaxBadRows Budget
	Work       string // folder for the cache and whatever else is not output
	File       string // as it was named, for messages
	Steps      []*Step
	text       []byte // the file as read, for the manifest
	sets       []string
}

// header is the top level of a pipeline file.
type header struct {
	// Name of the pipeline; the file's name without .yaml if left out.
	Name string `yaml:"name"`
	// Seed of everything random. The same seed gives the same bytes.
	Seed uint64 `yaml:"seed"`
	// Work folder for the cache, checkpoints and the quarantine.
	Work schemas.Path `yaml:"work"`
	// MaxBadRows is how many rows of a step may go into quarantine before the run fails: a number, or a share such as 0.1%.
	MaxBadRows Budget `yaml:"max_bad_rows"`
	// Sources are data sets to read, by name.
	Sources entries `yaml:"sources"`
	// Models are models that exist before the run, by name.
	Models entries `yaml:"models"`
	// Stages are what is computed, by name.
	Stages entries `yaml:"stages"`
	// Sinks are files to write, by name.
	Sinks entries `yaml:"sinks"`
}

func newHeader() *header {
	return &header{Work: ".ferry", MaxBadRows: Budget{Share: 0.001}}
}

// entries is a section, kept as nodes until each step's kind is known.
type entries struct{ node *yaml.Node }

func (e *entries) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode && n.Tag != "!!null" {
		return fmt.Errorf("should be a mapping of names to steps, is %s", describe(n))
	}
	e.node = n
	return nil
}

// Load reads a pipeline file, puts the values of sets (`stages.hits.top=50`) and of the environment into it, and
// decodes every step. The error is a Mistakes if the file can be read at all. Nothing but the file is looked at: what
// it refers to is the business of Check.
func Load(file string, sets []string, lookup func(string) (string, bool)) (*Pipeline, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading pipeline: %w", err)
	}
	m := &mistakes{file: file}
	root, err := parse(text)
	if err != nil {
		m.list = append(m.list, syntaxMistake(file, err))
		return nil, m.err()
	}
	for _, s := range sets {
		if err := set(root, s); err != nil {
			return nil, err
		}
	}
	m.interpolate(root, lookup)
	h, d := newHeader(), &decoder{mistakes: m, at: map[string]*yaml.Node{}}
	d.decode(root, reflect.ValueOf(h).Elem(), "")
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return nil, fmt.Errorf("reading pipeline: %w", err)
	}
	p := &Pipeline{Name: h.Name, Seed: h.Seed, MaxBadRows: h.MaxBadRows, File: file, text: text, sets: sets}
	if p.Name == "" {
		base := filepath.Base(file)
		p.Name = base[:len(base)-len(filepath.Ext(base))]
	}
	p.Work = absolute(dir, string(h.Work))
	for i, section := range []entries{h.Sources, h.Models, h.Stages, h.Sinks} {
		if section.node != nil {
			p.Steps = append(p.Steps, d.decodeSteps(sections[i], section.node)...)
		}
	}
	if len(p.Steps) == 0 && len(m.list) == 0 {
		m.add(root, "", "there are no steps; `ferry init` writes a file to start from")
	}
	for _, s := range p.Steps {
		s.place(dir, p.Work)
	}
	return p, m.err()
}

// parse returns the top-level mapping of a YAML document with merge keys expanded.
func parse(text []byte) (*yaml.Node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	if len(document.Content) == 0 {
		return &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}, nil
	}
	merge(document.Content[0])
	return document.Content[0], nil
}

// merge replaces `<<: *anchor` by the anchor's keys that the mapping does not have itself.
func merge(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		var own, merged []*yaml.Node
		have := map[string]bool{}
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Tag == "!!merge" {
				merged = append(merged, resolve(n.Content[i+1]).Content...)
			} else {
				own = append(own, n.Content[i], n.Content[i+1])
				have[n.Content[i].Value] = true
			}
		}
		for i := 0; i+1 < len(merged); i += 2 {
			if !have[merged[i].Value] {
				own = append(own, merged[i], merged[i+1])
			}
		}
		n.Content = own
	}
	for _, c := range n.Content {
		merge(c)
	}
}

var syntaxLine = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)

func syntaxMistake(file string, err error) Mistake {
	mistake := Mistake{File: file, Problem: err.Error()}
	if found := syntaxLine.FindStringSubmatch(err.Error()); found != nil {
		fmt.Sscan(found[1], &mistake.Line)
		mistake.Column, mistake.Problem = 1, "this is not YAML: "+found[2]
	}
	return mistake
}

// Find returns the step of that name, stages before sinks, or an error that names the nearest.
func (p *Pipeline) Find(name string) (*Step, error) {
	var names []string
	for _, s := range p.Steps {
		if s.Name == name || s.Where() == name {
			return s, nil
		}
		names = append(names, s.Where())
	}
	return nil, errors.New("there is no step " + name + didYouMean(name, names))
}
