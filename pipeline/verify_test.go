package pipeline

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// verify returns what is damaged, as path: problem.
func verify(t *testing.T, o VerifyOptions, paths ...string) []string {
	t.Helper()
	v, err := Verify(t.Context(), paths, o)
	if err != nil {
		t.Fatal(err)
	}
	var damages []string
	for _, d := range v.Damages {
		damages = append(damages, d.Path+": "+d.Problem)
	}
	return damages
}

// TestBitRot turns one bit of every file that a run has written and expects that file to be named, and no other.
func TestBitRot(t *testing.T) {
	file := putSmall(t)
	out, work := filepath.Join(filepath.Dir(file), "out"), filepath.Join(filepath.Dir(file), ".ferry")
	if damages := verify(t, VerifyOptions{}, out, work); damages != nil {
		t.Fatalf("before anything is damaged: %q", damages)
	}
	rotten := 0
	for _, root := range []string{out, filepath.Join(work, "cache")} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			name := d.Name()
			// Notes and manifests have no hash of their own, and marks are empty.
			if err != nil || !d.Type().IsRegular() || strings.HasPrefix(name, familyMark) || strings.HasSuffix(name, ".manifest.json") || filepath.Ext(name) == ".json" && (name == done+".json" || strings.HasPrefix(name, "task-")) {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			at := (rotten * 7919) % len(data)
			data[at] ^= 1 << (rotten % 8)
			put(t, path, string(data))
			if damages := verify(t, VerifyOptions{}, out, work); len(damages) != 1 || !strings.HasPrefix(damages[0], path+": is not what was written: its SHA-256 is ") {
				t.Errorf("with bit %d of byte %d of %s turned: %q", rotten%8, at, path, damages)
			}
			data[at] ^= 1 << (rotten % 8)
			put(t, path, string(data))
			rotten++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if rotten < 20 {
		t.Errorf("only %d files", rotten)
	}
}

// TestVerifyRemove has a damaged result of the cache made again, to the byte, and leaves what ferry did not write.
func TestVerifyRemove(t *testing.T) {
	file := putSmall(t)
	work := filepath.Join(filepath.Dir(file), ".ferry")
	shards, err := filepath.Glob(filepath.Join(work, "cache/embed-*/token_vectors-00000.arrow"))
	if err != nil || len(shards) != 1 {
		t.Fatal(shards, err)
	}
	whole, err := os.ReadFile(shards[0])
	if err != nil {
		t.Fatal(err)
	}
	rotten := []byte(string(whole))
	rotten[len(rotten)/2] ^= 1
	put(t, shards[0], string(rotten))
	own := filepath.Join(filepath.Dir(shards[0]), "mine.txt")
	put(t, own, "a note of a person")
	v, err := Verify(t.Context(), []string{work}, VerifyOptions{Remove: true})
	if err != nil || len(v.Damages) != 1 || v.Damages[0].Remedy != "removed; the run that needs it next makes it again (but for "+own+", which ferry has not written)" {
		t.Fatalf("%v, %v", v, err)
	}
	if _, err := os.Stat(own); err != nil {
		t.Error(err)
	}
	os.Remove(filepath.Join(filepath.Dir(file), "out/tokens.parquet"))
	if err := run(t.Context(), t, file, Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(shards[0]); err != nil || string(again) != string(whole) {
		t.Errorf("not made again as it was: %v", err)
	}
	if damages := verify(t, VerifyOptions{}, filepath.Join(filepath.Dir(file), "out"), work); damages != nil {
		t.Errorf("after that: %q", damages)
	}
}

// TestVerifyFiles looks at files that nobody has noted anything of.
func TestVerifyFiles(t *testing.T) {
	unit, other := []float32{0.6, 0.8}, []float32{3, 4}
	units := make([][]float32, 20)
	for i := range units {
		units[i] = unit
	}
	for _, c := range []struct{ name, file, want string }{
		{"unit", vectors(units...), ""},
		{"not unit", vectors(other, other, unit), ""},
		{"one not unit", vectors(append(units, other)...), "has 1 vectors in vector that have not length 1, as the other 20 have"},
		{"zero", vectors(append(units, []float32{0, 0})...), "has 1 vectors in vector that have not length 1, as the other 20 have"},
		{"NaN", vectors(unit, []float32{nan(), 0}), "has 1 vectors in vector with values that are no finite numbers"},
		{"infinite", vectors(unit, []float32{inf(), 0}), "has 1 vectors in vector with values that are no finite numbers"},
		{"ragged", vectors(unit, []float32{1}, unit), "has 1 vectors in vector that have not 2 dimensions as the first"},
		{"null", vectors(unit, nil, unit), ""},
		{"of int8", bytesOf(1, 127), ""},
		{"one of int8 not unit", bytesOf(1, 64), "has 1 vectors in vector that have not length 1, as the other 20 have"},
		{"scale", bytesOf(inf(), 127), "has 1 values in scale that are no finite numbers"},
		{"cut off", cut(vectors(units...)), "cannot be read: "},
		{"empty", "", "cannot be read: it is shorter than any Parquet or Arrow file"},
		{"text", "this is a text", "cannot be read: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "vectors.parquet")
			put(t, file, c.file)
			got := strings.Join(verify(t, VerifyOptions{}, file), "\n")
			if got = strings.TrimPrefix(got, file+": "); got != c.want && (!strings.HasSuffix(c.want, ": ") || !strings.HasPrefix(got, c.want)) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestVerifyManifest compares files with a manifest that tells other rows and columns than they have.
func TestVerifyManifest(t *testing.T) {
	file := putSmall(t)
	out := filepath.Join(filepath.Dir(file), "out")
	manifest := filepath.Join(out, "small.manifest.json")
	data, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(t.TempDir(), "archive")
	if err := os.CopyFS(moved, os.DirFS(out)); err != nil {
		t.Fatal(err)
	}
	if damages := verify(t, VerifyOptions{}, moved); damages != nil {
		t.Errorf("a copy of the folder: %q", damages)
	}
	for _, c := range []struct{ from, to, want string }{
		{`"rows": 40,`, `"rows": 41,`, "has 40 rows, and 41 were written"},
		{`"vector: fixed_size_list<float32, 8>"`, `"vector: fixed_size_list<float64, 8>"`, "has the columns language: string, id: string, vector: list<float32>, and language: string, id: string, vector: list<float64> were written"},
	} {
		if !strings.Contains(string(data), c.from) {
			t.Fatalf("the manifest has no %s: %s", c.from, data)
		}
		put(t, filepath.Join(moved, filepath.Base(manifest)), strings.ReplaceAll(string(data), c.from, c.to))
		if damages := verify(t, VerifyOptions{}, moved); len(damages) == 0 || !strings.HasSuffix(damages[len(damages)-1], ": "+c.want) {
			t.Errorf("%q, want %q", damages, c.want)
		}
	}
	os.Remove(filepath.Join(out, "vectors.parquet"))
	if damages := verify(t, VerifyOptions{}, out); len(damages) != 1 || damages[0] != filepath.Join(out, "vectors.parquet")+": is missing" {
		t.Errorf("%q", damages)
	}
}
