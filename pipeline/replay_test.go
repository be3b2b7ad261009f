package pipeline

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A replayed case is a source whose files are right, and what is then damaged in them: by path as the quarantine names it
// and number of the line, what stands there instead.
type replayed struct {
	name   string
	source string
	table  string
	files  map[string]string
	damage map[string]map[int]string
}

func utterance(id int) string {
	return fmt.Sprintf("%d\tIN:A\t\tnoon %d\td\ten\t[IN:A noon ]\t{}\n", id, id)
}

func translation(en, sw string) string {
	return fmt.Sprintf("<tu><tuv lang='en'><seg>%s</seg></tuv><tuv lang='sw'><seg>%s</seg></tuv></tu>\n", en, sw)
}

var replayedCases = []replayed{
	{
		"bitext tsv", `{kind: bitext, path: p.tsv, languages: [en, sw]}`, "pairs",
		map[string]string{"p.tsv": "noon\tadhuhuri\nday\tsiku\nnight\tusiku\nmoon\tmwezi"},
		map[string]map[int]string{"p.tsv": {1: "noon", 3: "ni\xffght\tusiku", 4: "mo\x00on\tmwezi"}},
	},
	{
		"bitext moses", `{kind: bitext, path: p, languages: [en, sw]}`, "pairs",
		map[string]string{"p.en": "noon\nday\r\nnight\n", "p.sw": "adhuhuri\nsiku\nusiku\n"},
		map[string]map[int]string{"p.en": {1: "no\xffon"}, "p.sw": {3: "usi\x00ku"}},
	},
	{
		"gzip with a byte order mark", `{kind: bitext, path: p.tsv.gz, languages: [en, sw]}`, "pairs",
		map[string]string{"p.tsv.gz": "\ufeffnoon\tadhuhuri\nday\tsiku\n"},
		map[string]map[int]string{"p.tsv.gz": {1: "\ufeffnoon", 2: "siku"}},
	},
	{
		"tmx", `{kind: bitext, path: p.tmx, languages: [en, sw]}`, "pairs",
		map[string]string{"p.tmx": "<tmx><body>\n" + translation("noon", "adhuhuri") + translation("day", "siku") + translation("night", "usiku") + "</body></tmx>\n"},
		map[string]map[int]string{"p.tmx": {2: "<tu><tuv lang='en'><seg>no\xffon</seg></tuv><tuv lang='sw'><seg>adhuhuri</seg></tuv></tu>", 4: "<tu><tuv lang='en'><seg>night</tuv></tu>"}},
	},
	{
		"mtop in an archive", `{kind: mtop, path: mtop.zip, documents: en, queries: [en]}`, "documents",
		map[string]string{"mtop.zip/en/eval.txt": utterance(1) + utterance(2) + utterance(3)},
		map[string]map[int]string{"mtop.zip/en/eval.txt": {2: "2\tIN:A", 3: strings.TrimSuffix(utterance(1), "\n")}},
	},
	{
		"judgments of mtop", `{kind: mtop, path: ., documents: en, queries: [en]}`, "judgments",
		map[string]string{"en/eval.txt": utterance(1) + utterance(2) + utterance(3)},
		map[string]map[int]string{"en/eval.txt": {2: "2\tIN:A"}},
	},
	{
		"wikiclir", `{kind: wikiclir, path: ., documents: [sw]}`, "documents",
		map[string]string{"wiki/wiki_sw.documents": "1\tone\tfirst\n2\ttwo\tsecond\n", "wiki/wiki_en.queries": "7\tone\tfirst\n", "wiki/en2sw.rel": "7\t1\t2\n"},
		map[string]map[int]string{"wiki/wiki_sw.documents": {2: "2\ttwo"}},
	},
	{
		"mmarco", `{kind: mmarco, path: ., documents: [en]}`, "documents",
		map[string]string{"collections/english_collection.tsv": "1\tone\n2\ttwo\n3\tthree\n"},
		map[string]map[int]string{"collections/english_collection.tsv": {1: "1", 3: "2\tthree"}},
	},
	{
		"jsonl", `{kind: jsonl, path: "*.jsonl", language: en}`, "documents",
		map[string]string{"a.jsonl": `{"id": "d1", "text": "a\nb <0x41>"}` + "\n" + `{"id": "d2", "text": "two"}` + "\n", "b.jsonl": `{"id": "d3", "text": "three"}`},
		map[string]map[int]string{"a.jsonl": {1: `{"id": "d1", "text": "a\nb <0x41>"`}, "b.jsonl": {1: `{"id": "d2", "text": "three"}`}},
	},
	{
		"beir", `{kind: beir, path: .}`, "queries",
		map[string]string{"corpus.jsonl": `{"_id": "d1", "text": "noon"}`, "queries.jsonl": `{"_id": "q1", "text": "noon"}` + "\n" + `{"_id": "q2", "text": "day"}`,
			"qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td1\t1\n"},
		map[string]map[int]string{"queries.jsonl": {2: `{"_id": "q2", "text": 2`}},
	},
	{
		"trec", `{kind: trec, run: r.txt}`, "hits",
		map[string]string{"r.txt": "q1 Q0 d1 1 0.9 own\nq1 Q0 d2 2 0.8 own\n"},
		map[string]map[int]string{"r.txt": {2: "q1 Q0 d2 2 NaN own"}},
	},
	{
		"judgments", `{kind: trec, judgments: q.txt}`, "judgments",
		map[string]string{"q.txt": "q1 0 d1 1\nq1 0 d2 2\n"},
		map[string]map[int]string{"q.txt": {1: "q1 0 d1 high"}},
	},
}

// TestReplay damages files, mends what is in quarantine, and compares with a run whose files were never damaged.
func TestReplay(t *testing.T) {
	for _, c := range replayedCases {
		t.Run(c.name, func(t *testing.T) { c.test(t) })
	}
}

func (c replayed) test(t *testing.T) {
	right, _ := c.folder(t, false)
	folder, file := c.folder(t, true)
	bad := strings.Join(quarantined(t, folder), "\n")
	for path, lines := range c.damage {
		for line := range lines {
			if !strings.Contains(bad, fmt.Sprintf("%s:%d ", path, line)) && c.table != "judgments" {
				t.Errorf("%s:%d is not in quarantine, which is\n%s", path, line, bad)
			}
		}
	}
	list := filepath.Join(folder, "list.tsv")
	quarantine := filepath.Join(folder, ".ferry/quarantine/replay.parquet")
	if c.name == "judgments of mtop" { // which are not told a second time: the documents' are mended
		put(t, file, strings.ReplaceAll(read(t, file), "data.judgments", "data.documents"))
		if err := run(t.Context(), t, file, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := ExportQuarantine(t.Context(), quarantine, list); err != nil {
		t.Fatal(err)
	}
	c.mend(t, list)
	if c.name == "judgments of mtop" {
		put(t, file, strings.ReplaceAll(read(t, file), "data.documents", "data.judgments"))
	}
	done := replay(t, file, list)
	if done.Mended != strings.Count(read(t, list), "\n")-1 || done.Unchanged > 0 {
		t.Errorf("%s", done)
	}
	compare(t, outputs(t, folder), outputs(t, right))
	if left := quarantined(t, folder); len(left) > 0 {
		t.Errorf("still in quarantine: %s", left)
	}
	if again := replay(t, file, list); again.Mended > 0 || again.Already != done.Mended {
		t.Errorf("a second replay: %s", again)
	}
	if p := planOf(t, file); !strings.Contains(p, "\n0 steps to run") {
		t.Errorf("after a second replay, the plan is\n%s", p)
	}
}

// folder makes a folder with the case's files and runs its pipeline there.
func (c replayed) folder(t *testing.T, damaged bool) (folder, file string) {
	folder = t.TempDir()
	for path, text := range c.files {
		lines := strings.SplitAfter(text, "\n")
		if damaged {
			for line, bad := range c.damage[path] {
				lines[line-1] = bad + strings.Repeat("\n", strings.Count(lines[line-1], "\n"))
			}
		}
		text = strings.Join(lines, "")
		if archive, member, ok := strings.Cut(path, ".zip/"); ok {
			path, text = archive+".zip", zipped(member, text)
		}
		if strings.HasSuffix(path, ".gz") {
			text = gzipped(text)
		}
		put(t, filepath.Join(folder, path), text)
	}
	file = filepath.Join(folder, "pipeline.yaml")
	put(t, file, fmt.Sprintf("name: replay\nmax_bad_rows: 3\nsources:\n  data: %s\nsinks:\n  rows: {kind: parquet, from: data.%s, path: out/rows.parquet}\n", c.source, c.table))
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	return folder, file
}

// mend writes the right lines into a list.
func (c replayed) mend(t *testing.T, list string) {
	lines := strings.Split(strings.TrimSuffix(read(t, list), "\n"), "\n")
	for i, line := range lines[1:] {
		f := strings.SplitN(line, "\t", 6)
		number := 0
		fmt.Sscan(f[1], &number)
		row := strings.SplitAfter(strings.TrimPrefix(c.files[f[0]], "\ufeff"), "\n")[number-1]
		f[5] = quote([]byte(strings.TrimRight(row, "\r\n")))
		lines[i+1] = strings.Join(f, "\t")
	}
	put(t, list, strings.Join(lines, "\r\n")+"\r\n")
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// replay does what the command does.
func replay(t *testing.T, file, list string) Mended {
	t.Helper()
	p, err := Load(file, nil, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	done, err := p.Mend(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	return done
}

// TestReplayTwice mends a row badly, then well, and leaves another out; and gives lists that cannot be taken.
func TestReplayTwice(t *testing.T) {
	c := replayedCases[0]
	folder, file := c.folder(t, true)
	list := filepath.Join(folder, "list.tsv")
	if _, _, err := ExportQuarantine(t.Context(), filepath.Join(folder, ".ferry/quarantine/replay.parquet"), list); err != nil {
		t.Fatal(err)
	}
	if want := listHeader + "\np.tsv\t1\t0\tmissing_columns\texpected 2 columns (source, target), found 1\tnoon\n" +
		"p.tsv\t3\t14\tbad_utf8\t\tni<0xFF>ght\tusiku\np.tsv\t4\t27\tnul_byte\t\tmo<0x00>on\tmwezi\n"; read(t, list) != want {
		t.Errorf("the list is\n%swant\n%s", read(t, list), want)
	}
	if _, _, err := ExportQuarantine(t.Context(), filepath.Join(folder, ".ferry/quarantine/replay.parquet"), list); err == nil {
		t.Error("a list was written over")
	}
	edit := func(old, new string) Mended {
		put(t, list, strings.Replace(read(t, list), old, new, 1))
		return replay(t, file, list)
	}
	if done := edit("ni<0xFF>ght\t", "night "); done.Mended != 1 || done.Unchanged != 2 {
		t.Errorf("badly mended: %s", done)
	}
	if got := quarantined(t, folder); !slices.Equal(got, []string{"p.tsv:1 missing_columns", "p.tsv:3 missing_columns", "p.tsv:4 nul_byte"}) {
		t.Errorf("after a bad mend %q are in quarantine", got)
	}
	if done := edit("night ", "night\t"); done.Mended != 1 || done.Unchanged != 2 {
		t.Errorf("well mended: %s", done)
	}
	if done := edit("found 1\tnoon\n", "found 1\t\n"); done.Mended != 1 || done.LeftOut != 1 || done.Unchanged != 1 || done.Already != 1 {
		t.Errorf("left out: %s", done)
	}
	if done := edit("night\t", "midnight\t"); done.Mended != 1 || done.Already != 1 {
		t.Errorf("mended otherwise: %s", done)
	}
	var m Manifest
	if err := json.Unmarshal([]byte(read(t, filepath.Join(folder, "out/replay.manifest.json"))), &m); err != nil {
		t.Fatal(err)
	}
	if s := m.Steps[0]; s.Out["pairs"] != 2 || s.Dropped["empty"] != 1 || s.Bad != 1 || m.Inputs[".ferry/mended.json"] == "" {
		t.Errorf("the manifest has %v and reads %v", s, m.Inputs)
	}
	if got := strings.Join(values(t, filepath.Join(folder, "out/rows.parquet"), "source_text"), ","); got != "day,midnight" {
		t.Errorf("the rows are %s", got)
	}
	for _, bad := range []struct{ list, want string }{
		{"a\tb\n", "neither Parquet nor a list of bad rows"},
		{listHeader + "\np.tsv\t1\n", "line 2: has 2 columns"},
		{listHeader + "\np.tsv\t9\t900\tx\t\tnoon\tadhuhuri\n", "p.tsv:9, at byte 900, is not in quarantine"},
		{listHeader + "\np.tsv\t4\t27\tx\t\tmoon<0x0A>\tmwezi\n", "p.tsv:4 has a line break now"},
		{listHeader + "\np.tsv\t4\t27\tx\t\tmoon\ta\np.tsv\t4\t27\tx\t\tmoon\tb\n", "p.tsv:4 stands there twice, mended in two ways"},
	} {
		put(t, list, bad.list)
		p, err := Load(file, nil, os.LookupEnv)
		if err != nil {
			t.Fatal(err)
		}
		before := read(t, p.mendsFile())
		if _, err := p.Mend(t.Context(), list); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("of the list %q: %v, want %s", bad.list, err, bad.want)
		}
		if read(t, p.mendsFile()) != before {
			t.Errorf("the list %q was taken in part", bad.list)
		}
	}
	// A file that has changed: its mends do not hold any more.
	put(t, filepath.Join(folder, "p.tsv"), "noon\nmoon\tmwezi\n")
	put(t, list, listHeader+"\np.tsv\t4\t27\tx\t\tmoon\tmwezi\n")
	p, err := Load(file, nil, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Mend(t.Context(), list); err == nil || !strings.Contains(err.Error(), "p.tsv has changed") {
		t.Errorf("of a file that has changed: %v", err)
	}
	if err := run(t.Context(), t, file, Options{}); err != nil {
		t.Fatal(err)
	}
	if got := quarantined(t, folder); !slices.Equal(got, []string{"p.tsv:1 missing_columns"}) {
		t.Errorf("of a file that has changed %q are in quarantine", got)
	}
}

// FuzzQuote makes sure that a list holds any bytes, on one line.
func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "noon\tadhuhuri", "a\nb\r\x00\xff", "<0x41>", "<0x4", "<<0x41>0x41>", "\ufeff", "\u0085"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		text := quote(raw)
		if strings.ContainsAny(text, "\r\n\x00") || strings.ToValidUTF8(text, "") != text {
			t.Fatalf("%q becomes %q", raw, text)
		}
		if back := unquote(text); string(back) != string(raw) {
			t.Fatalf("%q becomes %q and then %q", raw, text, back)
		}
	})
}
