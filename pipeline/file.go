package pipeline

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

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
	dir        string // folder of the file, absolute
	text       []byte // the file as read, for the manifest
	sets       []string
	found      Mistakes // by Load
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
// decodes every step. Nothing but the file is looked at: what it refers to is the business of Check. A pipeline that is
// returned along with Mistakes may be checked too, which finds the rest of them.
func Load(file string, sets []string, lookup func(string) (string, bool)) (*Pipeline, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading pipeline: %w", err)
	}
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return nil, fmt.Errorf("reading pipeline: %w", err)
	}
	m := &mistakes{file: file}
	root, err := parse(text)
	if err != nil {
		m.list = append(m.list, syntaxMistake(file, text, err))
		return nil, m.err()
	}
	if root = (&expander{mistakes: m}).expand(root); root.Kind != yaml.MappingNode {
		m.add(root, "", "should be a mapping with the keys %s, is %s", strings.Join(sections, ", "), describe(root))
	}
	if len(m.list) > 0 {
		return nil, m.err()
	}
	for _, s := range sets {
		if err := set(root, s); err != nil {
			return nil, err
		}
	}
	p := &Pipeline{File: file, dir: dir, text: text, sets: sets}
	p.decode(root, &decoder{mistakes: m, lookup: lookup, at: map[string]*yaml.Node{}})
	p.found = m.list
	return p, m.err()
}

// decode fills p from the document.
func (p *Pipeline) decode(root *yaml.Node, d *decoder) {
	h := newHeader()
	d.decode(root, reflect.ValueOf(h).Elem(), "")
	p.Name, p.Seed, p.MaxBadRows = h.Name, h.Seed, h.MaxBadRows
	if p.Name == "" {
		base := filepath.Base(p.File)
		p.Name = base[:len(base)-len(filepath.Ext(base))]
	}
	if strings.ContainsAny(p.Name, `/\`) {
		d.add(d.at["name"], "name", "%q cannot be part of a file's name", p.Name)
	}
	p.Work = absolute(p.dir, string(h.Work))
	for i, section := range []entries{h.Sources, h.Models, h.Stages, h.Sinks} {
		if section.node != nil {
			p.Steps = append(p.Steps, d.decodeSteps(sections[i], section.node)...)
		}
	}
	if len(p.Steps) == 0 && len(d.list) == 0 {
		d.add(root, "", "there are no steps; `ferry init` writes a file to start from")
	}
	for _, s := range p.Steps {
		s.place(p.dir, p.Work)
	}
}

// parse returns the top level of the YAML document, which must be alone.
func parse(text []byte) (*yaml.Node, error) {
	var document, another yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); err != nil && err != io.EOF {
		return nil, err
	}
	if err := decoder.Decode(&another); err == nil {
		return nil, fmt.Errorf("yaml: line %d: a second document begins here", another.Line)
	} else if err != io.EOF {
		return nil, err
	}
	if len(document.Content) == 0 {
		return &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}, nil
	}
	return document.Content[0], nil
}

var (
	syntaxLine    = regexp.MustCompile(`^line (\d+): (.*)$`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
	tabbed        = regexp.MustCompile(`(?m)^ *\t`)
	unquoted      = regexp.MustCompile(`[^"']\$\{`)
)

// syntaxMistake puts what the YAML library says into words, with the right line: it counts lines from 0 in some errors,
// and names none in others.
func syntaxMistake(file string, text []byte, err error) Mistake {
	problem, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	lineOf := func(offset int) int { return 1 + bytes.Count(text[:offset], []byte("\n")) }
	if found := syntaxLine.FindStringSubmatch(problem); found != nil {
		fmt.Sscan(found[1], &line)
		problem = found[2]
		if strings.HasPrefix(problem, "did not find expected") {
			line++
		}
	} else if found := unknownAnchor.FindStringSubmatch(problem); found != nil {
		line = lineOf(max(0, bytes.Index(text, []byte("*"+found[1]))))
	}
	lines := bytes.Split(text, []byte("\n"))
	if at := tabbed.FindIndex(text); at != nil {
		problem, line = "lines are indented with spaces, not with tabs", lineOf(at[0])
	} else if unquoted.Match(lines[min(line, len(lines))-1]) {
		problem += "; between { } or [ ], a ${VARIABLE} needs quotes"
	}
	return Mistake{File: file, Line: line, Column: 1, Problem: "this is not YAML: " + problem}
}
