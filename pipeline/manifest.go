package pipeline

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sort"
	"time"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/pipeline/tables"
	"github.com/ferry-clir/ferry/sinks"
)

// A Manifest tells what a run read, did and wrote. It stands beside the outputs.
type Manifest struct {
	Pipeline string            `json:"pipeline"`
	File     string            `json:"file"`    // the pipeline file's name
	Folder   string            `json:"folder"`  // that the manifest stands in, as the configuration would name it
	Version  string            `json:"version"` // of ferry
	Go       string            `json:"go"`
	ISA      string            `json:"isa"` // instruction set that the kernels used
	Host     string            `json:"host"`
	Workers  int               `json:"workers"`
	Engine   string            `json:"engine,omitempty"` // that did tasks on other machines
	Seed     uint64            `json:"seed"`
	Started  time.Time         `json:"started"`
	Seconds  float64           `json:"seconds"`
	Config   string            `json:"config"`        // the pipeline file, as it was before variables were filled in
	Set      []string          `json:"set,omitempty"` // what --set changed
	Inputs   map[string]string `json:"inputs"`        // SHA-256 of every file read, by path
	Outputs  map[string]string `json:"outputs"`       // SHA-256 of every file written, by path
	Steps    []ManifestStep    `json:"steps"`
}

// home is the folder of the pipeline file, were that to stand as it did then, for a manifest that stands in folder now.
func (m *Manifest) home(folder string) (string, error) {
	up, err := filepath.Rel(filepath.FromSlash(m.Folder), ".")
	return filepath.Join(folder, up), err
}

// ManifestStep is what one step did, or had done in an earlier run.
type ManifestStep struct {
	Step    string  `json:"step"`
	Kind    string  `json:"kind"`
	Key     string  `json:"key"`
	Cached  bool    `json:"cached"`
	Seconds float64 `json:"seconds"`     // when it was made
	CPU     float64 `json:"cpu_seconds"` // then, of user and system
	// Tables are the files that are one table each, by path: what a sink parquet writes.
	Tables map[string]ManifestTable `json:"tables,omitempty"`
	counts
}

// ManifestTable is what a file of rows holds.
type ManifestTable struct {
	Rows    int64    `json:"rows"`
	Columns []string `json:"columns"` // with their types, such as vector: fixed_size_list<float32, 384>
}

// Version is ferry's version: that of the module, or the commit it was built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (version == "" || version == "(devel)") {
			version = s.Value
		}
	}
	return version
}

// manifestSuffix follows the pipeline's name in that of its manifest.
const manifestSuffix = ".manifest.json"

// manifestFile is beside the first sink's output.
func (p *Pipeline) manifestFile() string {
	for _, s := range p.Steps {
		if c, ok := s.component.(sink); ok && len(c.Files()) > 0 {
			return filepath.Join(filepath.Dir(c.Files()[0]), p.Name+manifestSuffix)
		}
	}
	return filepath.Join(p.Work, p.Name+manifestSuffix)
}

func (r *Run) writeManifest() error {
	host, _ := os.Hostname()
	m := Manifest{
		Pipeline: r.pipeline.Name, File: filepath.Base(r.pipeline.File), Folder: r.pipeline.shown(filepath.Dir(r.pipeline.manifestFile())), Version: Version(), Go: runtime.Version(), ISA: kernel.ISA(), Host: host,
		Workers: r.options.Workers, Seed: r.pipeline.Seed, Started: r.started.UTC(), Seconds: time.Since(r.started).Seconds(),
		Config: r.pipeline.secrets.Redact(string(r.pipeline.text)), Inputs: map[string]string{}, Outputs: map[string]string{},
	}
	if r.remote != nil {
		m.Engine = r.remote.address
	}
	for _, set := range r.pipeline.sets {
		m.Set = append(m.Set, r.pipeline.secrets.Redact(set))
	}
	for _, u := range r.units {
		if err := r.addInputs(u, m.Inputs); err != nil {
			return err
		}
		for file, sum := range u.note.Files {
			m.Outputs[file] = sum
		}
		if u.step.Section != "models" {
			m.Steps = append(m.Steps, ManifestStep{u.name(), u.step.Kind(), string(u.key), u.present || u.twin != nil, u.note.Seconds, u.note.CPU, u.tablesWritten(), u.note.Counts})
		}
	}
	if file := r.pipeline.mendsFile(); len(r.pipeline.mends) > 0 {
		var err error
		if m.Inputs[r.pipeline.shown(file)], err = r.hashes.Sum(context.Background(), file); err != nil {
			return fmt.Errorf("writing manifest: %w", err)
		}
	}
	if err := writeJSON(r.pipeline.manifestFile(), m); err != nil {
		return fmt.Errorf("writing manifest: %w", err)
	}
	return r.deliverManifest()
}

// tablesWritten are the files of the unit that are one table each.
func (u *unit) tablesWritten() map[string]ManifestTable {
	if _, ok := u.step.component.(*sinks.Parquet); !ok {
		return nil
	}
	written := ManifestTable{Columns: tables.Columns(u.inputs[0].readTable().schema)}
	for _, in := range u.inputs {
		written.Rows += u.note.Counts.In[in.ref]
	}
	tables := map[string]ManifestTable{}
	for file := range u.note.Files {
		tables[file] = written
	}
	return tables
}

func (r *Run) addInputs(u *unit, inputs map[string]string) error {
	c, ok := u.step.component.(interface{ Files() ([]string, error) })
	if !ok || u.step.Section == "sinks" {
		return nil
	}
	files, err := c.Files()
	if err != nil {
		return fmt.Errorf("writing manifest: %w", err)
	}
	for _, file := range files {
		if inputs[r.pipeline.shown(file)], err = r.hashes.Sum(context.Background(), file); err != nil {
			return fmt.Errorf("writing manifest: %w", err)
		}
	}
	return nil
}

// hashFiles puts the hash of every file at or below paths into sums.
func (r *Run) hashFiles(ctx context.Context, paths []string, sums map[string]string) error {
	var files []string
	for _, path := range paths {
		err := filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && !sinks.IsPart(d.Name()) { // another process may write the same
				files = append(files, file)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("reading back what was written: %w", err)
		}
	}
	sort.Strings(files)
	for _, file := range files {
		sum, err := r.hashes.Sum(ctx, file)
		if err != nil {
			return err
		}
		sums[r.pipeline.shown(file)] = sum
	}
	return nil
}
