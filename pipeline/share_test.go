package pipeline

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ferry-clir/ferry/pipeline/content"
)

// runShares runs all shares of a pipeline file at the same time, and returns how each ended.
func runShares(t *testing.T, file string, of int) []error {
	ended := make([]error, of)
	var all sync.WaitGroup
	for i := range ended {
		all.Go(func() {
			ended[i] = run(t.Context(), t, file, Options{Workers: 1, Share: Share{i + 1, of}, Wait: time.Hour})
		})
	}
	all.Wait()
	return ended
}

// cacheSums are the hashes of all that the cache holds but for notes, which tell times.
func cacheSums(t *testing.T, folder string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, ".ferry/cache/*/*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	sums := map[string]string{}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.IsDir() || strings.HasSuffix(file, ".json") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sums[strings.TrimPrefix(file, folder)] = fmt.Sprintf("%x", sha256.Sum256(data))
	}
	return sums
}

// TestShares runs a pipeline in one process and in three that share a folder: outputs, cache, quarantine and the manifest's counts are
// the same. What a whole run makes is not made again by shares, nor the other way round.
func TestShares(t *testing.T) {
	one, file := folderWith(t, "whole.yaml")
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	three, file := folderWith(t, "whole.yaml")
	if err := errors.Join(runShares(t, file, 3)...); err != nil {
		t.Fatal(err)
	}
	compare(t, outputs(t, three), outputs(t, one))
	compare(t, cacheSums(t, three), cacheSums(t, one))
	if parts := unfinished(t, three); len(parts) > 0 {
		t.Errorf("left behind: %v", parts)
	}
	var o order
	if err := run(t.Context(), t, file, Options{Reporter: &o}); err != nil || len(o.told) > 0 {
		t.Errorf("a whole run makes again %q: %v", o.told, err)
	}
	p, err := Load(file, nil, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	if runs, err := p.Runs(); err != nil || len(runs) != 2 || runs[0].Outcome != Succeeded || runs[0].Cached+runs[0].Made != runs[1].Cached {
		t.Errorf("the runs are %v, %v", runs, err)
	}
}

// badText is a pipeline with bad rows in its source and in a row-wise stage that is cut into several tasks.
func badText(t *testing.T) (folder, file string) {
	folder = t.TempDir()
	file = filepath.Join(folder, "pipeline.yaml")
	put(t, file, `
name: bad
max_bad_rows: 10%
sources:
  own: {kind: jsonl, table: documents, path: own.jsonl, language: en}
models:
  base: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 8, layers: 1, heads: 1, ffn: 8}
stages:
  cleaned: {kind: clean, from: own, max_characters: 40}
  vectors: {kind: embed, from: cleaned, model: base}
sinks:
  vectors: {kind: parquet, from: vectors, path: out/vectors.parquet}
`)
	var text strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&text, "{\"id\": \"%d\", \"text\": \"%s\"}\n", i, strings.Repeat("noon ", 1+i%9))
		if i%500 == 0 {
			fmt.Fprintf(&text, "{\"id\": \"%d\n", i)
		}
	}
	put(t, filepath.Join(folder, "own.jsonl"), text.String())
	return folder, file
}

// TestSharesQuarantine makes sure that the first share tells of bad rows and counts what a whole run does.
func TestSharesQuarantine(t *testing.T) {
	one, file := badText(t)
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	four, file := badText(t)
	if err := errors.Join(runShares(t, file, 4)...); err != nil {
		t.Fatal(err)
	}
	compare(t, outputs(t, four), outputs(t, one))
	want := quarantined(t, one)
	if got := quarantined(t, four); len(want) != 6 || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("quarantine is %q, want %q", got, want)
	}
	if got, want := stepCounts(t, four), stepCounts(t, one); got != want {
		t.Errorf("the manifest counts\n%s\nwant\n%s", got, want)
	}
}

// TestSharesFail lets a step fail in the process that makes it: the others end at once and say why, the first with the rows in
// quarantine, and go on when it is mended, though the note of the failure is still there.
func TestSharesFail(t *testing.T) {
	folder, file := badText(t)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	put(t, file, strings.Replace(string(text), "10%", "2", 1))
	reason := "sources.own.documents: 6 of 3006 rows could not be used"
	ended := runShares(t, file, 3)
	for i, err := range ended {
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("share %d ends with %v", i+1, err)
		}
	}
	if bad := quarantined(t, folder); len(bad) != 6 {
		t.Errorf("quarantine is %q", bad)
	}
	put(t, file, string(text))
	if err := errors.Join(runShares(t, file, 3)...); err != nil {
		t.Error(err)
	}
}

// TestShareAlone runs one share alone: it does what it can, and says whom it waited for.
func TestShareAlone(t *testing.T) {
	_, file := badText(t)
	for number, want := range []string{"--tasks 2/2", "--tasks 1/2", "--tasks 2/2"} {
		err := run(t.Context(), t, file, Options{Share: Share{number%2 + 1, 2}, Wait: 100 * time.Millisecond})
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("share %d: %v", number%2+1, err)
		}
	}
	if err := errors.Join(runShares(t, file, 2)...); err != nil {
		t.Error(err)
	}
}

// TestShareLocks makes sure who keeps whom out of a folder.
func TestShareLocks(t *testing.T) {
	work := t.TempDir()
	held := func(s Share) func() {
		t.Helper()
		_, unlock, err := lockShare(work, s)
		if err != nil {
			t.Fatal(err)
		}
		return unlock
	}
	keptOut := func(s Share, why string) {
		t.Helper()
		_, _, err := lockShare(work, s)
		if busy := (*Busy)(nil); !errors.As(err, &busy) || busy.Owner.PID != os.Getpid() || !strings.Contains(err.Error(), why) {
			t.Errorf("%v: %v", s, err)
		}
	}
	release := []func(){held(Share{1, 3}), held(Share{3, 3})}
	keptOut(Share{3, 3}, "another process does tasks 3/3")
	keptOut(Share{2, 4}, "a run of 3 processes (--tasks i/3) is at work in ")
	keptOut(Share{2, 4}, "; start this one as one of them, with --tasks i/3, wait for its end, or ")
	keptOut(Share{}, "a run of 3 processes (--tasks) is at work in ")
	release[0]()
	release[1]()
	unlock := held(Share{})
	keptOut(Share{2, 3}, "another run is at work")
	unlock()
	held(Share{2, 4})()
}

// unitsOf is a pipeline and its units.
func unitsOf(t *testing.T, file string) (*Pipeline, []*unit) {
	t.Helper()
	p, err := Load(file, nil, os.LookupEnv)
	if err == nil {
		err = p.Check(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	units, err := p.units(t.Context(), openStore(p.Work, nil), content.OpenKnown(p.Work))
	if err != nil {
		t.Fatal(err)
	}
	return p, units
}

// TestOtherRun makes sure that shares of other pipelines, inputs or instruction sets do not wait for each other.
func TestOtherRun(t *testing.T) {
	folder, file := badText(t)
	p, units := unitsOf(t, file)
	owner, unlock, err := lockShare(p.Work, Share{2, 2})
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	other, leave, err := join(p.Work, Share{2, 2}, owner, units)
	if err != nil {
		t.Fatal(err)
	}
	leave()
	for _, c := range []struct {
		other sign
		says  string
	}{
		{other.own, ""},
		{sign{owner, "other", other.own.ISA}, "all processes need the same pipeline file"},
		{sign{owner, "other", "abacus"}, "set FERRY_CPU"},
	} {
		data, err := json.Marshal(c.other)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, ".ferry/tasks/2-of-2"), data, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
		_, leave, err := join(p.Work, Share{1, 2}, owner, units)
		if err == nil {
			leave()
		}
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v", c.says, err)
		}
	}
}

// TestOwners spreads tasks: each has one owner, and what is alike is spread evenly.
func TestOwners(t *testing.T) {
	_, file := folderWith(t, "whole.yaml")
	_, units := unitsOf(t, file)
	const of = 3
	most := map[string]map[int]int{}
	for _, u := range units {
		for shard := range 12 {
			owners := 0
			for i := range of {
				if s := (Share{i + 1, of}); s.owns(u, shard) {
					owners++
				}
			}
			if owners != 1 {
				t.Fatalf("shard %d of %s has %d owners", shard, u.name(), owners)
			}
		}
		name := u.step.Section + "/" + u.step.kind.name
		if most[name] == nil {
			most[name] = map[int]int{}
		}
		most[name][Share{1, of}.owner(u, 0)]++
	}
	for name, by := range most {
		for a := range of {
			for b := range of {
				if by[a+1] > by[b+1]+1 {
					t.Errorf("%s are spread as %v", name, by)
				}
			}
		}
	}
}

// TestShareText reads what a user writes.
func TestShareText(t *testing.T) {
	var s Share
	if err := s.UnmarshalText([]byte("3/16")); err != nil || s != (Share{3, 16}) || s.String() != "3/16" {
		t.Errorf("%v, %v", s, err)
	}
	const form = "such as 3/16 for the third of sixteen"
	for wrong, says := range map[string]string{"": form, "3": form, "a/b": form, "1/4/2": form, "1/ 4": form, "5/4": `"5/4" would be process 5 of 4: the first number is this process's`,
		"0/4": "process 0 of 4", "-1/4": "process -1 of 4", "1/0": "process 1 of 0"} {
		if err := s.UnmarshalText([]byte(wrong)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q is read as %v: %v", wrong, s, err)
		}
	}
}

// manifestIn is the manifest of the only pipeline whose outputs are in a folder.
func manifestIn(t *testing.T, folder string) (m Manifest) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "out/*.manifest.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	data, err := os.ReadFile(found[0])
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// stepCounts are the rows of each step by its manifest.
func stepCounts(t *testing.T, folder string) string {
	t.Helper()
	m := manifestIn(t, folder)
	var text strings.Builder
	for _, s := range m.Steps {
		fmt.Fprintf(&text, "%s %s %+v\n", s.Step, s.Key, s.counts)
	}
	return text.String()
}
