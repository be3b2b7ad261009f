package pipeline

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	rightPairs = "noon\tadhuhuri\nday\tsiku\nnight\tusiku\n"
	badPairs   = "noon\tadhuhuri\nday\nnight\tusiku\n"
)

// mendedPairs makes a folder in which a row of what is given has been mended.
func mendedPairs(t *testing.T, text string) (folder, file, list string) {
	folder = t.TempDir()
	file, list = filepath.Join(folder, "pipeline.yaml"), filepath.Join(folder, "list.tsv")
	put(t, filepath.Join(folder, "p.tsv"), text)
	put(t, file, "name: mends\nmax_bad_rows: 3\nsources:\n  data: {kind: bitext, path: p.tsv, languages: [en, sw]}\nsinks:\n  rows: {kind: parquet, from: data, path: out/rows.parquet}\n")
	if got := warned(t, file); len(got) > 0 {
		t.Errorf("before anything was mended: %q", got)
	}
	export(t, folder, list)
	put(t, list, strings.Replace(read(t, list), "\tday\n", "\tday\tsiku\n", 1))
	if done := replay(t, file, list); done != (Mended{Mended: 1}) {
		t.Fatal(done)
	}
	return folder, file, list
}

func export(t *testing.T, folder, list string) {
	t.Helper()
	os.Remove(list)
	if _, _, err := ExportQuarantine(t.Context(), filepath.Join(folder, ".ferry/quarantine/mends.parquet"), list); err != nil {
		t.Fatal(err)
	}
}

// warned runs a pipeline and returns what it warned of.
func warned(t *testing.T, file string) []string {
	t.Helper()
	told := &events{}
	if err := run(t.Context(), t, file, Options{Reporter: told}); err != nil {
		t.Fatal(err)
	}
	return told.warnings()
}

// TestMendsOfGrownFile appends lines, good and bad, to a file of which a row was mended, twice: the end is as if it had never been bad.
func TestMendsOfGrownFile(t *testing.T) {
	folder, file, list := mendedPairs(t, badPairs)
	for _, more := range []string{"moon\tmwezi\n", "moon\tmwezi\nsun\n"} {
		put(t, filepath.Join(folder, "p.tsv"), badPairs+more)
		if got := warned(t, file); len(got) > 0 {
			t.Errorf("after %q was appended: %q", more, got)
		}
		if got := strings.Join(values(t, filepath.Join(folder, "out/rows.parquet"), "source_text"), ","); got != "noon,day,night,moon" {
			t.Errorf("after %q was appended the rows are %s", more, got)
		}
	}
	if done := replay(t, file, list); done != (Mended{Already: 1}) {
		t.Errorf("the same list again: %s", done)
	}
	export(t, folder, list)
	put(t, list, strings.Replace(read(t, list), "\tsun\n", "\tsun\tjua\n", 1))
	if done := replay(t, file, list); done != (Mended{Mended: 1}) {
		t.Errorf("what was appended: %s", done)
	}
	put(t, filepath.Join(folder, "p.tsv"), rightPairs+"moon\tmwezi\nsun\tjua\n")
	mended := outputs(t, folder)
	if got := warned(t, file); len(got) > 0 {
		t.Errorf("of a file that was put right: %q", got)
	}
	compare(t, mended, outputs(t, folder))
}

// TestMendsOfChangedFile changes a file of which a row was mended: a run warns, and the same mend is taken again.
func TestMendsOfChangedFile(t *testing.T) {
	for name, c := range map[string]struct{ before, after string }{
		"a line after it":                {badPairs, "noon\tadhuhuri\nday\nmidnight\tusiku wa manane\n"},
		"a last line that had no end":    {strings.TrimSuffix(badPairs, "\n"), badPairs},
		"lines in place of those before": {badPairs, "moon\tmwezi\nbad\nday\n"},
	} {
		t.Run(name, func(t *testing.T) {
			folder, file, list := mendedPairs(t, c.before)
			put(t, filepath.Join(folder, "p.tsv"), c.after)
			want := "sources.data.pairs: p.tsv has changed since 1 of its rows were mended, none of which is any more: " +
				"list what is bad now with ferry replay .ferry/quarantine/mends.parquet --export LIST, mend that, and run ferry replay LIST " + file
			if got := warned(t, file); !slices.Equal(got, []string{want}) {
				t.Errorf("warnings %q, want %q", got, want)
			}
			if name == "lines in place of those before" {
				export(t, folder, list)
				put(t, list, strings.Replace(read(t, list), "\tday\n", "\tday\tsiku\n", 1))
			}
			if done := replay(t, file, list); done.Mended != 1 || done.Already != 0 {
				t.Errorf("mended anew: %s", done)
			}
			if got := values(t, filepath.Join(folder, "out/rows.parquet"), "source_text"); !slices.Contains(got, "day") {
				t.Errorf("mended anew, the rows are %s", got)
			}
			if got := warned(t, file); len(got) > 0 {
				t.Errorf("mended anew: %q", got)
			}
		})
	}
}

// TestMendsWithoutSize makes sure that mends of a ferry that did not note how long the file was hold for that file alone.
func TestMendsWithoutSize(t *testing.T) {
	folder, file, _ := mendedPairs(t, badPairs)
	kept := filepath.Join(folder, ".ferry/mended.json")
	var m mends
	if err := json.Unmarshal([]byte(read(t, kept)), &m); err != nil || len(m) != 1 || m[0].Bytes != int64(len(badPairs)) {
		t.Fatalf("%v, %v", m, err)
	}
	m[0].Bytes = 0
	if err := writeJSON(kept, m); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(folder, "p.tsv"), badPairs+"moon\tmwezi\n")
	if got := warned(t, file); len(got) != 1 {
		t.Errorf("warnings %q", got)
	}
	if got := quarantined(t, folder); !slices.Equal(got, []string{"p.tsv:2 missing_columns"}) {
		t.Errorf("%q are in quarantine", got)
	}
}
