package pipeline

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"

	"go.yaml.in/yaml/v3"

	"github.com/ferry-clir/ferry/pipeline/matrix"
	"github.com/ferry-clir/ferry/pipeline/objects"
	"github.com/ferry-clir/ferry/pipeline/schedule"
	"github.com/ferry-clir/ferry/pipeline/strict"
	"github.com/ferry-clir/ferry/schemas"
)

// Mistakes is an error that tells all that is wrong with a pipeline file at once, in file order.
type Mistakes = strict.Mistakes

// A Pipeline is a pipeline file, read: its steps in file order and what holds for all of them.
type Pipeline struct {
	Name       string
	Seed       uint64
	MaxBadRows Budget
	// MaxExpansion is how many times its size a packed file may become.
	MaxExpansion int
	Bounds       Bounds           // of memory and disk
	Store        *objects.Address // that the cache is shared through; nil for none
	Work         string           // folder for the cache and whatever else is not output
	File         string           // as it was named, for messages
	Schedule     *schedule.Config // nil without that section
	Engine       string           // address of who does tasks on other machines; empty for none
	Steps        []*Step
	Cells        int  // of the matrix
	Offline      bool // download nothing; set before Check
	// Fetching is told what Check gets from object stores, such as `s3://bucket/corpus.tsv, 1.2 GB`, by several goroutines at once; it may be nil.
	Fetching  func(object string)
	dir       string // folder of the file, absolute
	text      []byte // the file as read, for the manifest
	sets      []string
	storeText string // the address of the store, as it was written
	// variables are those of the environment that the file names, but for secret ones.
	variables map[string]string
	found     Mistakes                   // by Load
	mends     mends                      // known once units are laid out
	unpacked  map[string]inputFile       // what keys say of files that came with a task, by path
	secrets   *Secrets                   // that neither manifest nor report nor record may hold
	unsaved   *atomic.Pointer[[]*Record] // how the attempts of a scheduler went whose records could not be written, the oldest first
}

// header is the top level of a pipeline file.
type header struct {
	// Name of the pipeline; the file's name without .yaml if left out.
	Name string `yaml:"name"`
	// Seed of everything random. The same seed gives the same bytes.
	Seed uint64 `yaml:"seed"`
	// Work folder for the cache, checkpoints and the quarantine.
	Work schemas.Path `yaml:"work"`
	// Store is where results are shared with other users and machines: file:///srv/ferry, s3://bucket/prefix?region=eu-west-1, gs://bucket/prefix
	// or az://container/prefix. What is in it is not computed again. Credentials are those that the store's own tools find, and never stand here.
	Store string `yaml:"store"`
	// MaxBadRows is how many rows of a step may go into quarantine before the run fails, and with how many a source may be found empty
	// that had them in the last run: a number, or a share such as 0.1%.
	MaxBadRows Budget `yaml:"max_bad_rows"`
	// MaxExpansion is how many times its size a packed file may become while it is read: more, past 16 MiB, is taken for a bomb.
	MaxExpansion int `yaml:"max_expansion"`
	// Memory is what ferry may take of it, such as 4GiB: a step that will hold more is refused before it begins, and a run that comes
	// to more ends, so that the next goes on from there. Files of models that are read in place do not count. No bound if left out.
	Memory Size `yaml:"memory"`
	// Disk is what the work folder may hold, such as 200GiB: what will come to more is refused before it begins, and a run that comes to
	// more ends, so that the next goes on from there. No bound if left out.
	Disk Size `yaml:"disk"`
	// KeepFree is what must stay free on the disks of the work folder and the sinks, such as 5GiB, likewise.
	KeepFree Size `yaml:"keep_free"`
	// Engine does tasks on other machines, which see the same files or the same store: a Spark Connect server such as sc://host:15002, a Spark master such as spark://host:7077, or local for none.
	Engine string `yaml:"engine"`
	// Matrix fans out the steps that mention ${matrix.axis}: axes by name, each a list of values or a mapping of labels to values;
	// cells to exclude and to include.
	Matrix axes `yaml:"matrix"`
	// Schedule says when `ferry schedule` runs the pipeline, and what happens when it cannot.
	Schedule schedule.Config `yaml:"schedule"`
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
	return &header{Work: ".ferry", MaxBadRows: Budget{Share: 0.001}, MaxExpansion: schemas.MaxExpansion, Schedule: schedule.NewConfig()}
}

// entries is a section, kept as nodes until each step's kind is known.
type entries struct{ node *yaml.Node }

func (e *entries) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode && n.Tag != "!!null" {
		return fmt.Errorf("should be a mapping of names to steps, is %s", strict.Describe(n))
	}
	e.node = n
	return nil
}

// axes is the matrix, kept as nodes.
type axes struct{ node *yaml.Node }

func (a *axes) UnmarshalYAML(n *yaml.Node) error {
	a.node = n
	return nil
}

// Load reads a pipeline file, puts the values of sets (`stages.hits.top=50`) and of the environment into it, and
// decodes every step. Nothing but the file is looked at: what it refers to is the business of Check. A pipeline that is
// returned along with Mistakes may be checked too, which finds the rest of them.
func Load(file string, sets []string, lookup func(string) (string, bool)) (*Pipeline, error) {
	text, err := readPipeline(file)
	if err != nil {
		return nil, fmt.Errorf("reading pipeline: %w", err)
	}
	return parse(file, text, sets, lookup)
}

// parse does so with the text of a file.
func parse(file string, text []byte, sets []string, lookup func(string) (string, bool)) (*Pipeline, error) {
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return nil, fmt.Errorf("reading pipeline: %w", err)
	}
	m := &strict.Found{File: file}
	root := strict.Parse(text, m)
	if root != nil && root.Kind != yaml.MappingNode {
		m.Add(root, "", "should be a mapping with the keys %s, is %s", strings.Join(sections, ", "), strict.Describe(root))
	}
	if len(m.List) > 0 {
		return nil, m.Err()
	}
	for _, s := range sets {
		if err := strict.Set(root, s); err != nil {
			return nil, err
		}
	}
	p := &Pipeline{File: file, dir: dir, text: text, sets: sets, variables: map[string]string{}, unsaved: &atomic.Pointer[[]*Record]{}}
	p.unsaved.Store(&[]*Record{})
	noted := func(name string) (string, bool) {
		value, ok := lookup(name)
		if ok && !secretName.MatchString(name) {
			p.variables[name] = value
		}
		return value, ok
	}
	p.decode(root, &strict.Decoder{Found: m, Lookup: noted, At: map[string]*yaml.Node{}})
	p.secrets = NewSecrets(os.Environ(), p.webhooks()...)
	m.List = oncePerEntry(m.List)
	p.found = m.List
	return p, m.Err()
}

// maxPipelineFile is how many bytes of a pipeline file are read; parsing takes up to a hundred times as many.
const maxPipelineFile = 4 << 20

func readPipeline(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPipelineFile+1))
	if err == nil && len(text) > maxPipelineFile {
		err = fmt.Errorf("%s has more than %d bytes, and is no pipeline", file, maxPipelineFile)
	}
	return text, err
}

// decode fills p from the document.
func (p *Pipeline) decode(root *yaml.Node, d *strict.Decoder) {
	h := newHeader()
	d.Decode(root, reflect.ValueOf(h).Elem(), "")
	p.Bounds = Bounds{h.Memory, h.Disk, h.KeepFree}
	p.Name, p.Seed, p.MaxBadRows, p.MaxExpansion = h.Name, h.Seed, h.MaxBadRows, h.MaxExpansion
	if p.Name == "" {
		base := filepath.Base(p.File)
		p.Name = base[:len(base)-len(filepath.Ext(base))]
	}
	if strings.ContainsAny(p.Name, `/\`) {
		d.Add(d.At["name"], "name", "%q cannot be part of a file's name", p.Name)
	}
	if p.MaxExpansion < 1 {
		d.Add(d.At["max_expansion"], "max_expansion", "should be at least 1, is %d", p.MaxExpansion)
	}
	p.Work = absolute(p.dir, string(h.Work))
	if err := CheckEngine(h.Engine); err != nil {
		d.Add(d.At["engine"], "engine", "%s", err)
	}
	p.Engine = h.Engine
	if h.Store != "" {
		address, err := objects.Parse(h.Store)
		if err != nil {
			d.Add(d.At["store"], "store", "%s", err)
		}
		p.Store, p.storeText = &address, h.Store
	}
	p.decodeSchedule(h, d)
	p.decodeSteps(h, d)
	if len(p.Steps) == 0 && len(d.List) == 0 {
		d.Add(root, "", "there are no steps; `ferry init` writes a file to start from")
	}
	for _, s := range p.Steps {
		s.place(p.dir, p.Work)
	}
}

// decodeSchedule looks at the section schedule, if there is one.
func (p *Pipeline) decodeSchedule(h *header, d *strict.Decoder) {
	at := d.At["schedule"]
	if at == nil || at.Kind != yaml.MappingNode {
		return
	}
	p.Schedule = &h.Schedule
	for _, mistake := range h.Schedule.Validate() {
		where := strings.TrimSuffix("schedule."+mistake.Key, ".")
		d.Add(firstOf(d.At[where], at), where, "%s", mistake.Problem)
	}
}

// webhooks are the addresses that whoever knows them may post to.
func (p *Pipeline) webhooks() []string {
	if p.Schedule == nil {
		return nil
	}
	return []string{p.Schedule.OnSuccess.Webhook, p.Schedule.OnFailure.Webhook}
}

// decodeSteps fills in the steps, unless the matrix is mistaken.
func (p *Pipeline) decodeSteps(h *header, d *strict.Decoder) {
	m := matrix.Parse(h.Matrix.node, d.Found)
	if m == nil && h.Matrix.node != nil {
		return
	}
	p.Cells = m.Cells()
	for _, key := range []string{"name", "work", "store", "max_bad_rows", "max_expansion", "memory", "disk", "keep_free", "engine"} {
		if n := d.At[key]; n != nil && strings.Contains(n.Value, "${matrix.") {
			d.Add(n, key, "${matrix...} stands in steps alone")
		}
	}
	var all []*entry
	for i, section := range []entries{h.Sources, h.Models, h.Stages, h.Sinks} {
		if section.node != nil {
			all = append(all, readEntries(d, sections[i], section.node)...)
		}
	}
	for _, v := range fanOut(m, all, d.Found) {
		p.Steps = append(p.Steps, newStep(d, p.Name, v))
	}
}
