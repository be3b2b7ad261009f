package tokenizer

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// TestHostileFiles reads files of 64 MiB, the most that a model's may have, that repeat one thing: none takes four times that,
// garbage counted too.
func TestHostileFiles(t *testing.T) {
	const size = 64 << 20
	part := func(name, value string) string { return `{` + smallUnigram + `, "` + name + `": ` + value }
	for name, c := range map[string]struct{ head, unit, tail, want string }{
		"pieces":       {`{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["", 0]`, `,["",0]`, `]}}`, "more than 2097152 pieces"},
		"ids":          {`{"model": {"type": "WordPiece", "vocab": {"": 0`, `,"":0`, `}}}`, "more than 2097152 pieces"},
		"a long piece": {`{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["`, `a`, `", 0]]}}`, "16777216 bytes of text"},
		"merges":       {`{"model": {"type": "BPE", "vocab": {"a": 0, "aa": 1}, "merges": ["a a"`, `,"a a"`, `]}}`, "merges: there are more than 2097152"},
		"added":        {part("added_tokens", `[{}`), `,{}`, `]}`, "bytes, more than any"},
		"a long token": {part("added_tokens", `[{"id": 3, "content": "`), `a`, `"}]}`, "bytes, more than any"},
		"processors":   {part("post_processor", `{"type": "Sequence", "processors": [{}`), `,{}`, `]}}`, "bytes, more than any"},
		"no JSON":      {``, `[`, ``, "bytes, more than any"},
	} {
		t.Run(name, func(t *testing.T) {
			file := []byte(c.head + strings.Repeat(c.unit, (size-len(c.head)-len(c.tail))/len(c.unit)) + c.tail)
			expectRefusal(t, file, c.want)
		})
	}
}

// TestHostileParts reads files that are as large as they may be, or small, and would grow in memory.
func TestHostileParts(t *testing.T) {
	normalizer := func(n string) string { return `{"normalizer": ` + n + `, ` + smallUnigram + `}` }
	many := func(text string, n int) string { return text + strings.Repeat(","+text, n-1) }
	added := func(normalizers, content string) string {
		return `{"normalizer": {"type": "Sequence", "normalizers": [` + normalizers + `]}, "added_tokens": [{"id": 3, "normalized": true, "content": "` + content + `"}], ` + smallUnigram + `}`
	}
	replace := func(content string) string {
		return `{"type": "Replace", "pattern": {"Regex": "."}, "content": "` + content + `"}`
	}
	double := `{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}`
	long := strings.Repeat("a", 5000)
	for name, c := range map[string]struct{ file, want string }{
		"a million processors":      {`{"post_processor": {"type": "Sequence", "processors": [` + many(`{}`, 1<<20-10) + `]}, ` + smallUnigram + `}`, "parts, and 32 are the limit"},
		"a million slots":           {`{"post_processor": {"type": "TemplateProcessing", "single": [` + many(`{}`, 1<<20-10) + `]}, ` + smallUnigram + `}`, "neither a token"},
		"a million added":           {`{"added_tokens": [` + many(`{}`, 1<<20-10) + `], ` + smallUnigram + `}`, "has id 0"},
		"33 normalizers":            {normalizer(`{"type": "Sequence", "normalizers": [` + many(`{"type": "NFC"}`, 33) + `]}`), "33 parts"},
		"32 times 32":               {normalizer(`{"type": "Sequence", "normalizers": [` + many(`{"type": "Sequence", "normalizers": [`+many(`{"type": "NFC"}`, 32)+`]}`, 32) + `]}`), "more than 32 parts together"},
		"doubled 32 times":          {normalizer(`{"type": "Sequence", "normalizers": [` + many(double, 32) + `]}`), "may make 1024 characters of one"},
		"doubled 9 times":           {added(many(double, 9), "aaaaaaaaa"), "a normalized one of 4608 bytes"},
		"a hundred times a hundred": {normalizer(`{"type": "Sequence", "normalizers": [` + many(replace(long[:100]), 2) + `]}`), `Replace of "aaaaaaaaaaaaaaaaaaaa" may make 10000 characters of one`},
		"a page for a letter":       {normalizer(replace(long[:4000])), "may make 4000 characters of one"},
		"a long replacement":        {normalizer(`{"type": "Replace", "pattern": {"String": "a"}, "content": "` + long + `"}`), "what Replace puts in of 5000 bytes"},
		"a long beginning":          {normalizer(`{"type": "Prepend", "prepend": "` + long + `"}`), "of 5000 bytes"},
		"a long expression":         {normalizer(`{"type": "Replace", "pattern": {"Regex": "` + long + `"}, "content": ""}`), "an expression of 5000 bytes"},
		"a long token":              {added(double, long), "an added token of 5000 bytes"},
	} {
		t.Run(name, func(t *testing.T) { expectRefusal(t, []byte(c.file), c.want) })
	}
}

// TestLargestFile reads a vocabulary that is as large as any may be, of random pieces that share no beginnings.
func TestLargestFile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	file := []byte(`{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["", 0]`)
	for range maxPieces - 1 {
		file = fmt.Appendf(file, `,["%07x",0]`, r.Uint32()>>4)
	}
	if took, err := parseMeasured(append(file, `]}}`...)); err != nil || took > 1<<30 {
		t.Errorf("%d bytes took %d, %v", len(file), took, err)
	} else {
		t.Logf("%d MB took %d MB", len(file)>>20, took>>20)
	}
}

// expectRefusal reads a file, which has to be refused in memory of bounded size.
func expectRefusal(t *testing.T, file []byte, want string) {
	t.Helper()
	took, err := parseMeasured(file)
	if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 500 {
		t.Errorf("the error is %.500v, want %q", err, want)
	}
	if t.Logf("%d MB took %d MB", len(file)>>20, took>>20); took > 256<<20 {
		t.Errorf("%d bytes took %d", len(file), took)
	}
}

// parseMeasured tells how many bytes Parse allocates, which is more than are in use at any time.
func parseMeasured(file []byte) (took uint64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = Parse(file)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, err
}
