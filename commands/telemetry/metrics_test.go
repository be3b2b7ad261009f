package telemetry

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/ferry-clir/ferry/pipeline"
)

// TestMetrics runs the sample pipeline, with little training, and asks for its metrics over HTTP: they are what Prometheus's own
// parser and linter want, and have the numbers of the manifest and the training table. What is cached is not counted again.
func TestMetrics(t *testing.T) {
	p := load(t, "../../pipeline.yaml", "stages.teacher.epochs=0.1", "stages.student_mse.epochs=0.1", "stages.student_ot.epochs=0.1")
	w, address := open(t, Options{}, p)
	if err := runWatched(t, w, p); err != nil {
		t.Fatal(err)
	}
	first := scrape(t, address)
	problems, err := promlint.NewWithMetricFamilies(slicesOf(first)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("the linter says %v, %v", problems, err)
	}
	steps := manifestOf(t, p)
	if len(steps) < 25 {
		t.Fatalf("the manifest has %d steps", len(steps))
	}
	rows := 0
	for _, s := range steps {
		about := map[string]string{"pipeline": "sample", "step": s.Step, "kind": s.Kind}
		with := func(name, value string) map[string]string {
			more := maps.Clone(about)
			more[name] = value
			return more
		}
		for table, want := range s.Out {
			rows++
			expect(t, first, "ferry_step_rows_total", with("table", table), float64(want))
		}
		for reason, want := range s.Dropped {
			expect(t, first, "ferry_step_dropped_rows_total", with("reason", reason), float64(want))
		}
		expect(t, first, "ferry_step_state", with("state", "done"), 1)
		expect(t, first, "ferry_quarantined_rows_total", about, 0)
	}
	if got := len(first["ferry_step_rows_total"].Metric); got != rows {
		t.Errorf("%d tables have rows, and %d in the manifest", got, rows)
	}
	expect(t, first, "ferry_training_loss", map[string]string{"pipeline": "sample", "step": "stages.student_ot", "kind": "distill"}, lastLoss(t, p))
	expect(t, first, "ferry_run_active", map[string]string{"pipeline": "sample"}, 0)
	expect(t, first, "ferry_run_last_outcome", map[string]string{"pipeline": "sample", "outcome": "succeeded"}, 1)
	if first["go_goroutines"] == nil || first["process_resident_memory_bytes"] == nil {
		t.Error("Go and the process have no metrics")
	}

	if err := runWatched(t, w, p); err != nil {
		t.Fatal(err)
	}
	second := scrape(t, address)
	for _, s := range steps {
		expect(t, second, "ferry_step_state", map[string]string{"pipeline": "sample", "step": s.Step, "kind": s.Kind, "state": "cached"}, 1)
	}
	for _, m := range first["ferry_step_rows_total"].Metric {
		expect(t, second, "ferry_step_rows_total", labelsOf(m), m.GetCounter().GetValue())
	}
}

// TestQuarantine counts the rows that are put into quarantine once, and goes on to say how many are there; also of a step that fails
// for them.
func TestQuarantine(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "documents.jsonl", "{\"id\": \"d1\", \"text\": \"noon\"}\n{\"id\"\n{\"id\": \"d2\", \"text\": \"\"}\n")
	write(t, folder, "pipeline.yaml", `
name: bad
max_bad_rows: 1
sources:
  documents: {kind: jsonl, path: documents.jsonl, language: en}
sinks:
  documents: {kind: parquet, from: documents, path: out/documents.parquet}
`)
	p := load(t, filepath.Join(folder, "pipeline.yaml"))
	w, address := open(t, Options{}, p)
	about := map[string]string{"pipeline": "bad", "step": "sources.documents.documents", "kind": "jsonl"}
	for range 2 {
		if err := runWatched(t, w, p); err != nil {
			t.Fatal(err)
		}
		got := scrape(t, address)
		expect(t, got, "ferry_quarantined_rows_total", about, float64(manifestOf(t, p)[0].Bad))
		expect(t, got, "ferry_step_quarantined_rows", about, 1)
	}
	write(t, folder, "documents.jsonl", "{\"id\"\n{\"id\"\n")
	if err := runWatched(t, w, p); err == nil {
		t.Error("two bad rows of one are allowed")
	}
	got := scrape(t, address)
	expect(t, got, "ferry_quarantined_rows_total", about, 3)
	expect(t, got, "ferry_step_quarantined_rows", about, 2)
}

// TestNames compares the metrics that there are with those that the page about them and the alerts name.
func TestNames(t *testing.T) {
	described := make(chan *prometheus.Desc, 1000)
	m := newMetrics()
	m.registry.MustRegister(&standing{&health{}})
	m.registry.Describe(described)
	close(described)
	there := map[string]bool{}
	for d := range described {
		if name := regexp.MustCompile(`fqName: "(ferry_\w+)"`).FindStringSubmatch(d.String()); name != nil {
			there[name[1]] = true
		}
	}
	named := regexp.MustCompile(`\bferry_[a-z_]+`)
	page := read(t, "../../docs/watch.md")
	for name := range there {
		if !strings.Contains(page, "`"+name+"`") && !strings.Contains(page, "`"+name+"{") {
			t.Errorf("docs/watch.md does not tell of %s", name)
		}
	}
	for file, least := range map[string]int{"../../docs/watch.md": len(there), "../../examples/deploy/ferry.rules.yaml": 8} {
		names := named.FindAllString(read(t, file), -1)
		if len(names) < least {
			t.Errorf("%s names %d metrics", file, len(names))
		}
		for _, name := range names {
			if !there[name] {
				t.Errorf("%s names %s, which there is not", file, name)
			}
		}
	}
}

// load copies a pipeline file into a folder of its own, unless it stands in one, and checks it.
func load(t *testing.T, file string, sets ...string) *pipeline.Pipeline {
	t.Helper()
	if strings.HasPrefix(file, "..") {
		folder := t.TempDir()
		write(t, folder, "pipeline.yaml", read(t, file))
		file = filepath.Join(folder, "pipeline.yaml")
	}
	p, err := pipeline.Load(file, sets, os.LookupEnv)
	if err == nil {
		err = p.Check(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// open watches pipelines at some port, whose address it returns.
func open(t *testing.T, o Options, pipelines ...*pipeline.Pipeline) (w *Watch, address string) {
	t.Helper()
	o.Listen = ":0"
	o.Tell = func(_ slog.Level, text string) { address = regexp.MustCompile(`http://[^/]+`).FindString(text) }
	w, err := Open(t.Context(), o, pipelines...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close(t.Context()) })
	if !strings.HasPrefix(address, "http://127.0.0.1:") {
		t.Fatalf("it listens at %s", address)
	}
	return w, address
}

func runWatched(t *testing.T, w *Watch, p *pipeline.Pipeline) error {
	t.Helper()
	run, record := w.Run(p, quiet{}), &pipeline.Record{}
	err := p.Run(t.Context(), pipeline.Options{Reporter: run, Record: record, Began: run.Began})
	run.Ended(record.Outcome, err)
	return err
}

// quiet is a reporter that says nothing.
type quiet struct{}

func (quiet) Planned([]pipeline.Planned)            {}
func (quiet) Present(string, pipeline.Finished)     {}
func (quiet) Started(string)                        {}
func (quiet) Progress(string, int64, int64, string) {}
func (quiet) Trained(string, float64)               {}
func (quiet) Warned(string, string)                 {}
func (quiet) Finished(string, pipeline.Finished)    {}
func (quiet) Failed(string, error)                  {}

// scrape reads metrics as Prometheus does.
func scrape(t *testing.T, address string) map[string]*dto.MetricFamily {
	t.Helper()
	response, err := http.Get(address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("status %s, %v", response.Status, err)
	}
	return families
}

func slicesOf(families map[string]*dto.MetricFamily) (all []*dto.MetricFamily) {
	for _, f := range families {
		all = append(all, f)
	}
	return all
}

func labelsOf(m *dto.Metric) map[string]string {
	labels := map[string]string{}
	for _, l := range m.Label {
		labels[l.GetName()] = l.GetValue()
	}
	return labels
}

// expect wants one metric with exactly those labels, and the value.
func expect(t *testing.T, families map[string]*dto.MetricFamily, name string, labels map[string]string, want float64) {
	t.Helper()
	for _, m := range families[name].GetMetric() {
		if maps.Equal(labelsOf(m), labels) {
			if got := m.GetCounter().GetValue() + m.GetGauge().GetValue(); got != want {
				t.Errorf("%s%v is %v, want %v", name, labels, got, want)
			}
			return
		}
	}
	t.Errorf("there is no %s%v", name, labels)
}

type manifestStep struct {
	Step, Kind, Key string
	Out, Dropped    map[string]int64
	Bad             int64
}

// manifestOf reads the steps of the manifest that a run has left.
func manifestOf(t *testing.T, p *pipeline.Pipeline) []manifestStep {
	t.Helper()
	var manifest struct{ Steps []manifestStep }
	text := read(t, filepath.Join(filepath.Dir(p.File), "out", p.Name+".manifest.json"))
	if err := json.Unmarshal([]byte(text), &manifest); err != nil {
		t.Fatal(err)
	}
	return manifest.Steps
}

// lastLoss is the last one of the training table that the sample pipeline writes.
func lastLoss(t *testing.T, p *pipeline.Pipeline) float64 {
	t.Helper()
	f, err := file.OpenParquetFile(filepath.Join(filepath.Dir(p.File), "out/training.parquet"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reader, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	table, err := reader.ReadTable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	chunks := table.Column(table.Schema().FieldIndices("loss")[0]).Data().Chunks()
	last := chunks[len(chunks)-1].(*array.Float64)
	return last.Value(last.Len() - 1)
}

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
