package pipeline

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/schemas"
)

// translateFolder has queries of which en:3 is in the target language, th:2 has a line break, and sw:4 no translation.
func translateFolder(t *testing.T) (folder, file string) {
	folder, file = folderWith(t, "translate.yaml")
	put(t, filepath.Join(folder, "queries.jsonl"), `{"language": "sw", "id": "1", "text": "habari", "exclude": ["d1", "d2"]}
{"language": "th", "id": "2", "text": "a\nb"}
{"language": "en", "id": "3", "text": "noon"}
{"language": "sw", "id": "2", "text": "usiku"}
{"language": "sw", "id": "4", "text": "nyota"}
`)
	put(t, filepath.Join(folder, "pairs.jsonl"), `{"source_language": "sw", "target_language": "en", "source_text": "habari", "target_text": "news"}
{"source_language": "sw", "target_language": "en", "source_text": "habari", "target_text": "greetings"}
{"source_language": "en", "target_language": "sw", "source_text": "night", "target_text": "usiku"}
{"source_language": "th", "target_language": "fr", "source_text": "a\nb", "target_text": "mauvais"}
{"source_language": "th", "target_language": "en", "source_text": "a\nb", "target_text": "star"}
`)
	put(t, filepath.Join(folder, "english.jsonl"), `{"id": "1", "text": "the news"}
{"id": "2", "text": "at night"}
{"id": "3", "text": "not asked for"}
`)
	script(t, folder, "s/^/$1 /")
	return folder, file
}

func script(t *testing.T, folder, sed string) {
	path := filepath.Join(folder, "translate.sh")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nsed \""+sed+"\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestTranslate translates from tables and by a script, which is run again when it changes.
func TestTranslate(t *testing.T) {
	folder, file := translateFolder(t)
	told := &events{}
	if err := run(t.Context(), t, file, Options{Workers: 2, Reporter: told}); err != nil {
		t.Fatal(err)
	}
	check := func(table string, want ...string) {
		t.Helper()
		path := filepath.Join(folder, "out", table+".parquet")
		ids, languages := values(t, path, schemas.ID), values(t, path, schemas.Language)
		var got []string
		for i, text := range values(t, path, schemas.Text) {
			got = append(got, languages[i]+":"+ids[i]+" "+text)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", table, got, want)
		}
	}
	check("by_text", "sw:1 news", "th:2 star", "en:3 noon", "sw:2 night")
	check("kept", "sw:1 news", "th:2 star", "en:3 noon", "sw:2 night", "sw:4 nyota")
	check("by_id", "sw:1 the news", "th:2 at night", "en:3 noon", "sw:2 at night")
	check("by_command", "sw:1 sw-en habari", "th:2 th-en a b", "en:3 noon", "sw:2 sw-en usiku", "sw:4 sw-en nyota")
	if got := quarantined(t, folder); !slices.Equal(got, []string{"queries:5 untranslated", "queries:5 untranslated"}) {
		t.Errorf("quarantine %q", got)
	}
	for _, want := range []string{"stages.kept: 1 of 5 queries have no translation in en and are kept as they are, such as sw:4",
		"stages.by_command: 1 queries have line breaks, which the command is given as spaces, such as th:2"} {
		if _, ok := told.warned.Load(want); !ok {
			t.Errorf("nobody was told %q", want)
		}
	}
	script(t, folder, "s/^/again /")
	if err := run(t.Context(), t, file, Options{Workers: 1}); err != nil {
		t.Fatal(err)
	}
	check("by_command", "sw:1 again habari", "th:2 again a b", "en:3 noon", "sw:2 again usiku", "sw:4 again nyota")
	script(t, folder, "s/usiku//")
	if err := run(t.Context(), t, file, Options{Workers: 1}); err != nil {
		t.Fatal(err)
	}
	check("by_command", "sw:1 habari", "th:2 a b", "en:3 noon", "sw:4 nyota")
	if got := quarantined(t, folder); !slices.Contains(got, "queries:4 untranslated") {
		t.Errorf("of a command that prints an empty line there are in quarantine %q", got)
	}
}

// TestTranslateFails has too many queries without translations, two that become one, and a script that swallows a line.
func TestTranslateFails(t *testing.T) {
	for _, test := range []struct{ old, new, sed, want string }{
		{"max_bad_rows: 50%", "max_bad_rows: 0", "", "query sw:4 has no translation in en"},
		{", keep_language: true}", "}", "", "queries th:2 and sw:2 would both be en:2: keep_language keeps them apart"},
		{"", "", "2d", `ended after 2 of 3 lines, without one for query sw:4, "nyota"`},
	} {
		folder, file := translateFolder(t)
		if test.sed != "" {
			script(t, folder, test.sed)
		}
		put(t, file, strings.ReplaceAll(read(t, file), test.old, test.new))
		if err := run(t.Context(), t, file, Options{Workers: 1}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}
