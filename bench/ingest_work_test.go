package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	klauspost "github.com/klauspost/compress/gzip"

	"github.com/ferry-clir/ferry/model/tokenizer"
	"github.com/ferry-clir/ferry/pipeline"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sources"
)

// must ends the child with what went wrong while it measured.
func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "measuring:", err)
		os.Exit(1)
	}
}

// tokenizing turns NTREX-128's lines into ids, in batches of 1000 as the peer's.
func tokenizing(threads int) (task, error) {
	text, err := os.ReadFile(filepath.Join(inputs, "tokenizer.json"))
	if err != nil {
		return task{}, err
	}
	model, err := tokenizer.Parse(text)
	if err != nil {
		return task{}, err
	}
	lines, err := ntrex()
	if err != nil {
		return task{}, err
	}
	const batch = 1000
	t := task{}
	for _, line := range lines {
		t.size += float64(len(line)) / 1e6
		t.items += len(model.Encode(nil, line))
	}
	ids := make([][]int32, threads)
	t.run = func() {
		each((len(lines)+batch-1)/batch, threads, func(thread, i int) {
			ids[thread] = ids[thread][:0]
			for _, line := range lines[i*batch : min((i+1)*batch, len(lines))] {
				ids[thread] = model.Encode(ids[thread], line)
			}
		})
	}
	return t, nil
}

// reader is a source that is read to nowhere.
type reader interface {
	Read(ctx context.Context, table string, out schemas.Output) error
}

// reading reads a table of a source; size is what the files have, in MB.
func reading(source reader, table string, size float64) (task, error) {
	var rows int64
	out := schemas.Output{
		Allocator: memory.DefaultAllocator,
		Emit:      func(batch arrow.RecordBatch) error { rows += batch.NumRows(); return nil },
		Reject: func(r schemas.Rejected) error {
			return fmt.Errorf("%s:%d: %s: %s", r.Path, r.Line, r.Reason, r.Detail)
		},
		Drop: func(string, int64) {},
	}
	t := task{size: size, run: func() {
		rows = 0
		must(source.Read(context.Background(), table, out))
	}}
	t.run()
	t.items = int(rows)
	return t, nil
}

func readingTMX(int) (task, error) {
	b := sources.NewBitext()
	b.Languages = []string{"en", "sw", "so", "tl", "mr", "fr", "hi"}
	b.Path = []schemas.Path{schemas.Path(filepath.Join(inputs, "tico19", "all.{source}-{target}.tmx"))}
	size, err := sizeOf(filepath.Join(inputs, "tico19", "*.tmx"))
	if err != nil {
		return task{}, err
	}
	return reading(b, "pairs", size)
}

func sizeOf(pattern string) (megabytes float64, err error) {
	files, err := filepath.Glob(pattern)
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			megabytes += float64(info.Size()) / 1e6
		}
	}
	return megabytes, err
}

func readingWikiCLIR(int) (task, error) {
	w := sources.NewWikiCLIR()
	w.Path, w.Documents = schemas.Path(filepath.Join(inputs, "wiki-clir.tar.gz")), []string{"de"}
	size, err := inflate()
	if err != nil {
		return task{}, err
	}
	t, err := reading(w, "documents", float64(size)/1e6)
	t.items = 0 // inflation knows no rows
	return t, err
}

func inflating(int) (task, error) {
	size, err := inflate()
	return task{size: float64(size) / 1e6, run: func() {
		_, err := inflate()
		must(err)
	}}, err
}

// inflate reads the archive to nowhere.
func inflate() (size int64, err error) {
	f, err := os.Open(filepath.Join(inputs, "wiki-clir.tar.gz"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	z, err := klauspost.NewReader(f)
	if err != nil {
		return 0, err
	}
	return io.Copy(io.Discard, z)
}

// silent is told how a run goes, and keeps it to itself.
type silent struct{}

func (silent) Planned([]pipeline.Planned)            {}
func (silent) Present(string, pipeline.Finished)     {}
func (silent) Trained(string, float64)               {}
func (silent) Started(string)                        {}
func (silent) Progress(string, int64, int64, string) {}
func (silent) Finished(string, pipeline.Finished)    {}
func (silent) Failed(string, error)                  {}
func (silent) Warned(string, string)                 {}

// running runs a pipeline from nothing, in a folder of its own beside the inputs.
func running(name, yaml string, workers int) (task, error) {
	folder := filepath.Join(inputs, fmt.Sprint(name, "-", workers))
	return task{
		prepare: func() {
			must(os.RemoveAll(folder))
			must(os.MkdirAll(folder, 0o755))
			must(os.WriteFile(filepath.Join(folder, "pipeline.yaml"), []byte(yaml), 0o644))
		},
		run: func() {
			p, err := pipeline.Load(filepath.Join(folder, "pipeline.yaml"), nil, os.LookupEnv)
			must(err)
			must(p.Check(context.Background()))
			must(p.Run(context.Background(), pipeline.Options{Workers: workers, Reporter: silent{}}))
		},
	}, nil
}

// converting turns the collection into Parquet, as a user does.
func converting(threads int) (task, error) {
	t, err := running("tsv", `
sources: {collection: {kind: mmarco, path: ../mmarco, documents: [en]}}
sinks: {out: {kind: parquet, from: collection.documents, path: out.parquet}}
`, threads)
	t.size, t.items = 500_000, 500_000
	return t, err
}
