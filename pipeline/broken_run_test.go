package pipeline

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// TestBroken runs every case through the whole program.
func TestBroken(t *testing.T) {
	for _, c := range brokenCases {
		t.Run(c.name, func(t *testing.T) { c.test(t) })
	}
}

func (c broken) test(t *testing.T) {
	folder := t.TempDir()
	for name, text := range c.files {
		put(t, filepath.Join(folder, name), text)
	}
	from := "data"
	if c.table != "" {
		from += "." + c.table
	}
	file := filepath.Join(folder, "pipeline.yaml")
	put(t, file, fmt.Sprintf("name: broken\nmax_bad_rows: %s\nsources:\n  data: %s\nsinks:\n  rows: {kind: parquet, from: %s, path: out/rows.parquet}\n",
		orElse(c.budget, "0.1%"), c.source, from))
	err := run(t.Context(), t, file, Options{Workers: 2})
	message := ""
	if err != nil {
		message = strings.ReplaceAll(err.Error(), folder+"/", "")
	}
	if message != c.fails {
		t.Errorf("ends with\n%s\nwant\n%s", message, c.fails)
	}
	if err != nil {
		if _, err := os.Stat(filepath.Join(folder, "out/rows.parquet")); err == nil {
			t.Error("rows.parquet was written all the same")
		}
		return
	}
	c.account(t, folder)
}

// account compares the manifest's counts and the quarantine with what should become of every row.
func (c broken) account(t *testing.T, folder string) {
	data, err := os.ReadFile(filepath.Join(folder, "out/broken.manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	step := m.Steps[0]
	var out int64
	for _, n := range step.Out {
		out += n
	}
	dropped, _ := json.Marshal(step.Dropped)
	bad := quarantined(t, folder)
	if rows := readParquet(t, filepath.Join(folder, "out/rows.parquet")).NumRows(); rows != out {
		t.Errorf("rows.parquet has %d rows, the manifest says %d", rows, out)
	}
	if out != c.out || step.Bad != int64(len(c.bad)) || strings.Join(bad, "\n") != strings.Join(c.bad, "\n") {
		t.Errorf("%d rows, quarantine %q; want %d, %q", out, bad, c.out, c.bad)
	}
	if string(dropped) != orElse(c.dropped, "null") {
		t.Errorf("dropped %s, want %s", dropped, c.dropped)
	}
}

// quarantined lists the rows of the quarantine as path:line reason.
func quarantined(t *testing.T, folder string) []string {
	t.Helper()
	file := quarantineIn(t, folder)
	if file == "" {
		return nil
	}
	table := readParquet(t, file)
	defer table.Release()
	var rows []string
	reader := array.NewTableReader(table, 0)
	defer reader.Release()
	for reader.Next() {
		b := reader.RecordBatch()
		for i := range int(b.NumRows()) {
			if raw := b.Column(6).(*array.Binary).Value(i); len(raw) > 64<<10 {
				t.Errorf("a quarantined row has %d bytes", len(raw))
			}
			rows = append(rows, fmt.Sprintf("%s:%s %s", b.Column(1).ValueStr(i), b.Column(2).ValueStr(i), b.Column(4).ValueStr(i)))
		}
	}
	return rows
}

// quarantineIn is the quarantine of the only pipeline that has one in a folder; empty if there is none.
func quarantineIn(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, ".ferry/quarantine/*.parquet"))
	if err != nil || len(files) > 1 {
		t.Fatalf("quarantines %q, %v", files, err)
	}
	return strings.Join(files, "")
}

func readParquet(t *testing.T, file string) arrow.Table {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, err := pqarrow.ReadTable(t.Context(), f, parquet.NewReaderProperties(memory.DefaultAllocator), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return table
}
