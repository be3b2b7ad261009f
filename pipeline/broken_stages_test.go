package pipeline

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBrokenStages runs whole pipelines on data that reads well and does not fit together.
func TestBrokenStages(t *testing.T) {
	const models = `models: {start: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 8, layers: 1, heads: 1, ffn: 8}}
`
	files := map[string]string{
		"d.jsonl": `{"id": "d1", "text": "noon"}`, "q.jsonl": `{"id": "q1", "text": "midday"}`,
		"long.tsv": strings.Repeat("noon ", 150) + "\t" + strings.Repeat("midday ", 150), "pair.tsv": "noon\tmidday\n", "none.jsonl": "", "blank.jsonl": `{"id": "d1", "text": " "}`, "none.tsv": "",
		"j.txt": "q1 0 d1 1\nq1 0 d7 1\nq8 0 d1 1\n", "other.txt": "Q-1 0 d1 1\n", "r.txt": "q1 Q0 d1 1 0.5 own\n",
		"words.json": `{"added_tokens": [{"id": 0, "content": "[PAD]", "special": true}, {"id": 1, "content": "[UNK]", "special": true},
			{"id": 4, "content": "[CLS]", "special": true}, {"id": 5, "content": "[SEP]", "special": true}],
			"normalizer": null, "pre_tokenizer": {"type": "BertPreTokenizer"}, "decoder": null,
			"post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 5], "cls": ["[CLS]", 4]},
			"model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
				"vocab": {"[PAD]": 0, "[UNK]": 1, "noon": 2, "midday": 3, "[CLS]": 4, "[SEP]": 5}}}`,
		"model/config.json":    `{"model_type": "xlm-roberta", "hidden_size": "wide"}`,
		"model/tokenizer.json": "{}", "model/model.safetensors": "short",
	}
	for _, c := range []struct{ name, yaml, fails string }{
		{"judgments of other queries", `
sources: {r: {kind: trec, run: r.txt, judgments: other.txt}}
stages: {scores: {kind: evaluate, hits: r.hits, judgments: r.judgments}}
sinks: {report: {kind: report, from: scores, path: out}}
`, `stages.scores: queries in und: none of the 1 queries with hits has a judgment: they have ids like "q1", those that are judged "Q-1"`},
		{"no hits", `
sources: {r: {kind: trec, run: none.jsonl, judgments: other.txt}}
stages: {scores: {kind: evaluate, hits: r.hits, judgments: r.judgments}}
sinks: {report: {kind: report, from: scores, path: out}}
`, `stages.scores: r.hits has no hits to measure`},
		{"a report with a table of no hits", `
sources: {r: {kind: trec, run: r.txt, judgments: j.txt}, n: {kind: trec, run: none.jsonl}}
stages: {scores: {kind: evaluate, hits: r.hits, judgments: r.judgments}}
sinks: {report: {kind: report, from: scores, hits: [r.hits, n.hits], path: out}, other: {kind: report, from: scores, hits: n.hits, path: other}}
`, ``},
		{"training on nothing", models + `
sources:
  d: {kind: jsonl, path: none.jsonl, language: en}
  q: {kind: jsonl, path: q.jsonl, table: queries, language: en}
  j: {kind: trec, judgments: j.txt}
stages: {trained: {kind: train, model: start, queries: q, documents: d, judgments: j}}
sinks: {model: {kind: model, from: trained, path: out/model}}
`, `stages.trained: none of 1 queries has a document with a grade of 1 or more among the 0 judged documents that are there`},
		{"training on unknown judgments", models + `
sources:
  d: {kind: jsonl, path: d.jsonl, language: en}
  q: {kind: jsonl, path: q.jsonl, table: queries, language: en}
  j: {kind: trec, judgments: j.txt}
stages: {trained: {kind: train, model: start, queries: q, documents: d, judgments: j}}
sinks: {model: {kind: model, from: trained, path: out/model}}
`, ``},
		{"distilling nothing", models + `
sources: {p: {kind: bitext, path: none.tsv, languages: [en, sw]}}
stages:
  pairs: {kind: tokenize, from: p, teacher: start, student: start}
  student: {kind: distill, from: pairs, teacher: start, student: start}
sinks: {model: {kind: model, from: student, path: out/model}}
`, `stages.student: pairs has no pairs to learn from`},
		{"searching nothing", models + `
sources:
  d: {kind: jsonl, path: none.jsonl, language: en}
  q: {kind: jsonl, path: none.jsonl, table: queries, language: en}
stages:
  dv: {kind: embed, from: d, model: start, output: both}
  qv: {kind: embed, from: q, model: start, output: both}
  hits: {kind: search, queries: qv, documents: dv}
  late: {kind: search, queries: qv.token_vectors, documents: dv.token_vectors}
sinks: {hits: {kind: parquet, from: [hits, late], path: out/hits.parquet}, v: {kind: parquet, from: dv.token_vectors, path: out/v.parquet}}
`, ``},
		{"embedding blanks", models + `
sources: {d: {kind: jsonl, path: blank.jsonl, language: en}}
stages: {dv: {kind: embed, from: d, model: start, output: both}, found: {kind: search, queries: dv.token_vectors, documents: dv.token_vectors}}
sinks: {v: {kind: parquet, from: dv.token_vectors, path: out/v.parquet}, f: {kind: parquet, from: found, path: out/f.parquet}}
`, ``},
		{"more tokens than the model has positions for", models + `
sources:
  d: {kind: jsonl, path: d.jsonl, language: en}
  p: {kind: bitext, path: none.tsv, languages: [en, sw]}
stages:
  dv: {kind: embed, from: d, model: start, max_tokens: 129}
  dt: {kind: tokenize, from: d, model: start, max_tokens: 1000}
  pairs: {kind: tokenize, from: p, teacher: start, student: start, max_tokens: 513}
sinks: {v: {kind: parquet, from: [dv, dt, pairs], path: out/v.parquet}}
`, `pipeline.yaml:7:56: stages.dv.max_tokens: the model takes at most 128 tokens, not 129
pipeline.yaml:8:59: stages.dt.max_tokens: the model takes at most 128 tokens, not 1000
pipeline.yaml:9:80: stages.pairs.max_tokens: the teacher takes at most 128 tokens, not 513
pipeline.yaml:9:80: stages.pairs.max_tokens: the student takes at most 128 tokens, not 513`},
		{"pairs that another model's tokenizer made longer", `
models:
  start: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 8, layers: 1, heads: 1, ffn: 8}
  long: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 8, layers: 1, heads: 1, ffn: 8, max_tokens: 300}
sources: {p: {kind: bitext, path: long.tsv, languages: [en, sw]}}
stages:
  pairs: {kind: tokenize, from: p, teacher: long, student: long}
  student: {kind: distill, from: pairs, teacher: long, student: start}
sinks: {model: {kind: model, from: student, path: out/model}}
`, `stages.student: looking for shifted pairs in sw: checking batch: sequence 0 has 152 tokens, the model takes 128`},
		{"a teacher that is not the one pairs were tokenized for", `
models:
  start: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 8, layers: 1, heads: 1, ffn: 8}
  words: {kind: random, tokenizer: words.json, hidden: 8, layers: 1, heads: 1, ffn: 8}
sources: {p: {kind: bitext, path: pair.tsv, languages: [en, sw]}}
stages:
  pairs: {kind: tokenize, from: p, teacher: words, student: start}
  student: {kind: distill, from: pairs, teacher: start, student: start}
sinks: {model: {kind: model, from: student, path: out/model}}
`, `stages.student: the teacher_ids of pairs were made by another tokenizer than that of the teacher, which has 3000 tokens: give tokenize the same teacher as distill`},
		{"a student with fewer tokens than the one pairs were tokenized for", `
models:
  start: {kind: random, tokenizer: "sample:tokenizer.json", hidden: 8, layers: 1, heads: 1, ffn: 8}
  words: {kind: random, tokenizer: words.json, hidden: 8, layers: 1, heads: 1, ffn: 8}
sources: {p: {kind: bitext, path: pair.tsv, languages: [en, sw]}}
stages:
  pairs: {kind: tokenize, from: p, teacher: words, student: start}
  student: {kind: distill, from: pairs, teacher: words, student: words}
sinks: {model: {kind: model, from: student, path: out/model}}
`, `stages.student: the student_target_ids of pairs were made by another tokenizer than that of the student, which has 6 tokens: give tokenize the same student as distill`},
		{"a model that is none", `
models: {start: {kind: pretrained, path: model}}
sources: {d: {kind: jsonl, path: d.jsonl, language: en}}
stages: {dv: {kind: embed, from: d, model: start}}
sinks: {v: {kind: parquet, from: dv, path: out/v.parquet}}
`, `pipeline.yaml:2:42: models.start.path: reading config.json: parsing model configuration: num_hidden_layers, num_attention_heads, intermediate_size, vocab_size, max_position_embeddings missing`},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			for name, text := range files {
				put(t, filepath.Join(folder, name), text)
			}
			file := filepath.Join(folder, "pipeline.yaml")
			put(t, file, c.yaml)
			message := ""
			if err := run(t.Context(), t, file, Options{Workers: 2}); err != nil {
				message = strings.ReplaceAll(err.Error(), folder+"/", "")
			}
			if message != c.fails {
				t.Errorf("ends with\n%s\nwant\n%s", message, c.fails)
			}
			if c.name == "training on unknown judgments" {
				manifest, err := os.ReadFile(filepath.Join(folder, "out/pipeline.manifest.json"))
				if err != nil || !bytes.Contains(manifest, []byte(`"judgment_of_unknown_document": 1`)) || !bytes.Contains(manifest, []byte(`"judgment_of_unknown_query": 1`)) {
					t.Errorf("%v, the manifest does not tell what was left out:\n%s", err, manifest)
				}
			}
		})
	}
}
