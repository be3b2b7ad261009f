package pipeline

import (
	"strings"
)

// A broken case is a source that reads files in which something is wrong.
type broken struct {
	name   string
	files  map[string]string
	source string // the source's keys
	table  string // empty for the first
	budget string // max_bad_rows; empty for the default
	fails  string // the error, complete; empty if the run ends well
	// Otherwise what becomes of every row of the files.
	out     int64
	dropped string   // as JSON, by reason
	bad     []string // quarantine as path:line reason
}

var brokenCases = []broken{
	{
		name: "truncated gzip", files: map[string]string{"p.tsv.gz": cut(gzipped(lines(3000, "word %d\tneno %d")))},
		source: `{kind: bitext, path: p.tsv.gz, languages: [en, sw]}`,
		fails:  "sources.data.pairs: reading p.tsv.gz: line 1954: unexpected EOF: the file is cut short or damaged; get it again",
	},
	{
		name: "truncated zstd", files: map[string]string{"p.tsv.zst": cut(zstandard(lines(3000, "word %d\tneno %d")))},
		source: `{kind: bitext, path: p.tsv.zst, languages: [en, sw]}`,
		fails:  "sources.data.pairs: opening p.tsv.zst: unexpected EOF: the file is cut short or damaged; get it again",
	},
	{
		name: "truncated zip", files: map[string]string{"p.tsv.zip": cut(zipped("p.tsv", lines(3000, "word %d\tneno %d")))},
		source: `{kind: bitext, path: p.tsv.zip, languages: [en, sw]}`,
		fails:  "sources.data.pairs: opening p.tsv.zip: zip: not a valid zip file: the file is cut short or damaged; get it again",
	},
	{
		name: "not gzip", files: map[string]string{"p.tsv.gz": "\x1f\x8b and then text"},
		source: `{kind: bitext, path: p.tsv.gz, languages: [en, sw]}`,
		fails:  "sources.data.pairs: opening p.tsv.gz: gzip: invalid header: the file is cut short or damaged; get it again",
	},
	{
		name: "zip bomb", files: map[string]string{"p.tsv.zip": zipped("p.tsv", strings.Repeat("a", 40<<20))},
		source: `{kind: bitext, path: p.tsv.zip, languages: [en, sw]}`,
		fails:  "sources.data.pairs: reading p.tsv.zip/p.tsv: line 1: it expands to more than 200 times its size, which no text does; if it is to be trusted, raise max_expansion",
	},
	{
		name: "two files in an archive", files: map[string]string{"p.tsv.zip": zipped("a.tsv", "a\tb\n", "b.tsv", "a\tb\n")},
		source: `{kind: bitext, path: p.tsv.zip, languages: [en, sw]}`,
		fails:  "sources.data.pairs: opening p.tsv.zip: need one file out of this archive, 2 fit; it has a.tsv, b.tsv",
	},
	{
		name: "UTF-16", files: map[string]string{"p.tsv": "\xff\xfea\x00\t\x00b\x00\n\x00"},
		source: `{kind: bitext, path: p.tsv, languages: [en, sw]}`,
		fails:  "sources.data.pairs: opening p.tsv: is UTF-16; convert it to UTF-8",
	},
	{
		name: "lines that end in CR", files: map[string]string{"p.tsv": "noon\tadhuhuri\rday\tsiku\r"},
		source: `{kind: bitext, path: p.tsv, languages: [en, sw]}`,
		fails:  `sources.data.pairs: opening p.tsv: has lines that end in CR alone, as on old Macs; convert them to LF: tr '\r' '\n'`,
	},
	{
		name: "folder for a file", files: map[string]string{"p.tsv/in": "a\tb\n"},
		source: `{kind: bitext, path: p.tsv, format: tsv, languages: [en, sw]}`,
		fails:  "sources.data: reading input p.tsv: it is a folder; name what is read of it, as in p.tsv/*",
	},
	{
		name: "bad lines", budget: "5",
		files:   map[string]string{"p.tsv": "noon\tadhuhuri\nno\xffon\tadhuhuri\nno\x00on\tadhuhuri\nnoon\n" + strings.Repeat("n", 10<<20) + "\tadhuhuri\n\nnoon\t\nday\tsiku"},
		source:  `{kind: bitext, path: p.tsv, languages: [en, sw]}`,
		out:     2,
		dropped: `{"empty":2}`,
		bad:     []string{"p.tsv:2 bad_utf8", "p.tsv:3 nul_byte", "p.tsv:4 missing_columns", "p.tsv:5 line_too_long"},
	},
	{
		name: "bad lines beyond the budget", budget: "1",
		files:  map[string]string{"p.tsv": "noon\tadhuhuri\nno\xffon\tadhuhuri\nno\x00on\tadhuhuri\n"},
		source: `{kind: bitext, path: p.tsv, languages: [en, sw]}`,
		fails:  "sources.data.pairs: 2 of 3 rows could not be used, and max_bad_rows allows 1; the first is p.tsv:2: bad_utf8; all are in .ferry/quarantine/broken.parquet",
	},
	{
		name: "nothing but bad lines", budget: "1%",
		files:  map[string]string{"p.tsv": strings.Repeat("noon\n", 30_000)},
		source: `{kind: bitext, path: p.tsv, languages: [en, sw]}`,
		fails:  "sources.data.pairs: 10000 of 10000 rows could not be used, and max_bad_rows allows 1%; the first is p.tsv:1: missing_columns: expected 2 columns (source, target), found 1; all are in .ferry/quarantine/broken.parquet",
	},
	{
		name:   "one bad line in a thousand",
		files:  map[string]string{"p.tsv": lines(999, "word %d\tneno %d") + "noon\n"},
		source: `{kind: bitext, path: p.tsv, languages: [en, sw]}`,
		out:    999,
		bad:    []string{"p.tsv:1000 missing_columns"},
	},
	{
		name: "CRLF and BOM", files: map[string]string{"p.tsv": "\ufeffnoon\tadhuhuri\r\nday\tsiku\r\n\r\n"},
		source:  `{kind: bitext, path: p.tsv, languages: [en, sw]}`,
		out:     2,
		dropped: `{"empty":1}`,
	},
	{
		name: "empty file", files: map[string]string{"p.tsv": ""},
		source: `{kind: bitext, path: p.tsv, languages: [en, sw]}`,
	},
	{
		name: "unequal line counts", files: map[string]string{"p.en": "one\ntwo\nthree\n", "p.sw": "moja\nmbili\n"},
		source: `{kind: bitext, path: p, languages: [en, sw]}`,
		fails:  "sources.data.pairs: p.en has 3 lines, p.sw has 2: aligned files must have equally many",
	},
	{
		name: "unequal line counts in quarantine", budget: "1",
		files:  map[string]string{"p.en": "one\ntwo\nthree\n", "p.sw": "moja\nmbili\n"},
		source: `{kind: bitext, path: p, languages: [en, sw], mismatch: quarantine}`,
		out:    2,
		bad:    []string{"p.en:3 unequal_lines"},
	},
	{
		name: "TMX that is no XML", files: map[string]string{"p.tmx": tmx("<tu><tuv xml:lang=\"en\"><seg>noon</seg></tuv><tuv xml:lang=\"sw\"><seg>adhuhuri</seg></tuv></tu>\n<tu></body>")},
		budget: "1",
		source: `{kind: bitext, path: p.tmx, languages: [en, sw]}`,
		out:    1,
		bad:    []string{"p.tmx:4 bad_xml"},
	},
	{
		name: "TMX with entities that explode", files: map[string]string{"p.tmx": "<!DOCTYPE tmx [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\n" + tmx("<tu><tuv xml:lang=\"en\"><seg>&b;</seg></tuv></tu>")},
		source: `{kind: bitext, path: p.tmx, languages: [en, sw]}`,
		fails:  "sources.data.pairs: reading p.tmx: line 1: it declares the entity a, and no entity is expanded, since that can fill the memory or read other files; write out what it stands for, and remove the declaration",
	},
	{
		name: "TMX cut short", files: map[string]string{"p.tmx": "<tmx version=\"1.4\"><body><tu><tuv xml:lang=\"en\"><seg>noon"},
		source: `{kind: bitext, path: p.tmx, languages: [en, sw]}`,
		fails:  "sources.data.pairs: reading p.tmx: line 1: the file ends without </tmx>, as if cut short; nothing before this line is lost",
	},
	{
		name: "TMX with bad units", budget: "1",
		files: map[string]string{"p.tmx": tmx("<tu><tuv xml:lang=\"en\"><seg>no\xffon</seg></tuv><tuv xml:lang=\"sw\"><seg>adhuhuri</seg></tuv></tu>\n" +
			"<tu><tuv xml:lang=\"en\"><seg>day</seg></tuv><tuv xml:lang=\"sw\"><seg>siku</seg></tuv></tu>\n<tu><tuv xml:lang=\"de\"><seg>Tag</seg></tuv></tu>")},
		source:  `{kind: bitext, path: p.tmx, languages: [en, sw]}`,
		out:     1,
		dropped: `{"other_language":1}`,
		bad:     []string{"p.tmx:3 bad_utf8"},
	},
	{
		name: "JSON garbage", budget: "100%",
		files: map[string]string{"d.jsonl": `{"id": "d1", "text": "noon"}` + "\n{\"id\": \"d2\"\n[1, 2]\nnull\n\"text\"\n" +
			`{"id": "d3", "text": null}` + "\n" + `{"id": "d1", "text": "again"}` + "\n" + `{"id": "", "text": "no id"}` + "\n" +
			`{"id": {"a": 1}, "text": "deep"}` + "\n" + `{"id": 7, "text": "a number"}` + "\n" + `{"id": "d4", "text": "\ud800"}` + "\n" + `{"text": "no id"}` + "\n"},
		source: `{kind: jsonl, path: d.jsonl, language: en}`,
		out:    2,
		bad:    []string{"d.jsonl:2 bad_json", "d.jsonl:3 bad_json", "d.jsonl:4 missing_columns", "d.jsonl:5 bad_json", "d.jsonl:6 null_value", "d.jsonl:7 duplicate_id", "d.jsonl:8 bad_value", "d.jsonl:9 bad_value", "d.jsonl:11 bad_value", "d.jsonl:12 missing_columns"},
	},
	{
		name: "deep JSON", budget: "1",
		files:  map[string]string{"d.jsonl": strings.Repeat("[", 500_000) + "\n" + `{"id": "d1", "text": "noon"}`},
		source: `{kind: jsonl, path: d.jsonl, language: en}`,
		out:    1,
		bad:    []string{"d.jsonl:1 bad_json"},
	},
	{
		name: "ids that come again in another file", budget: "1",
		files:  map[string]string{"a.jsonl": `{"id": "d1", "text": "noon"}`, "b.jsonl": `{"id": "d1", "text": "night"}`},
		source: `{kind: jsonl, path: "*.jsonl", language: en}`,
		out:    1,
		bad:    []string{"b.jsonl:1 duplicate_id"},
	},
	{
		name: "grades that are none", budget: "3",
		files:   map[string]string{"q.txt": "q1 0 d1 1\nq1 0 d2 high\nq1 0 d3\nq1 0 d4 1.5\n# note\nq1 0 d5 -1\n"},
		source:  `{kind: trec, judgments: q.txt}`,
		out:     2,
		dropped: `{"comment":1}`,
		bad:     []string{"q.txt:2 bad_value", "q.txt:3 missing_columns", "q.txt:4 bad_value"},
	},
	{
		name:   "a document twice in a run",
		files:  map[string]string{"r.txt": "q1 Q0 d1 1 0.9 own\nq1 Q0 d2 2 0.8 own\nq1 Q0 d1 3 0.7 own\n"},
		source: `{kind: trec, run: r.txt}`,
		fails:  "sources.data.hits: reading r.txt: line 3: document d1 comes twice for query q1",
	},
	{
		name: "scores that are none", budget: "2",
		files:  map[string]string{"r.txt": "q1 Q0 d1 1 0.9 own\nq1 Q0 d2 2 NaN own\nq1 Q0 d3 third 0.7 own\nq1 Q0 d4 4 -Inf own\n"},
		source: `{kind: trec, run: r.txt}`,
		out:    2,
		bad:    []string{"r.txt:2 bad_value", "r.txt:3 bad_value"},
	},
	{
		name:   "two judgments of one document",
		files:  map[string]string{"q.txt": "q1 0 d1 1\nq1 0 d1 2\n"},
		source: `{kind: trec, judgments: q.txt}`,
		fails:  "sources.data.judgments: reading q.txt: line 2: document d1 comes twice for query q1",
	},
	{
		name: "utterances", budget: "4",
		files: map[string]string{"en/eval.txt": "1\tIN:A\t\tnoon\td\ten\t[IN:A noon ]\t{}\n1\tIN:A\t\tagain\td\ten\t[IN:A noon ]\t{}\n" +
			"2\tIN:A\t\tnoon\td\ten\tIN:A noon\t{}\n3\tIN:A\t\tnoon\n\tIN:A\t\tnoon\td\ten\t[IN:A noon ]\t{}\n4\tIN:A\t\t\td\ten\t[IN:A noon ]\t{}\n"},
		source:  `{kind: mtop, path: ., documents: en}`,
		out:     1,
		dropped: `{"empty":1}`,
		bad:     []string{"en/eval.txt:2 duplicate_id", "en/eval.txt:3 bad_value", "en/eval.txt:4 missing_columns", "en/eval.txt:5 bad_value"},
	},
	{
		name: "vectors", budget: "100%",
		files:  map[string]string{"v.parquet": vectors([]float32{1, 2}, []float32{1, nan()}, []float32{1, 2, 3}, []float32{}, nil, []float32{inf(), 1}, []float32{3, 4})},
		source: `{kind: parquet, path: v.parquet, table: vectors, language: en}`,
		out:    2,
		bad:    []string{"v.parquet:2 not_finite", "v.parquet:3 wrong_dimensions", "v.parquet:4 wrong_dimensions", "v.parquet:5 null_value", "v.parquet:6 not_finite"},
	},
	{
		name:   "Parquet without the columns",
		files:  map[string]string{"v.parquet": vectors([]float32{1, 2})},
		source: `{kind: parquet, path: v.parquet, table: documents, language: en}`,
		fails:  "pipeline.yaml:4:3: sources.data.columns: the files have id, vector; documents needs text",
	},
	{
		name:   "Parquet cut short",
		files:  map[string]string{"v.parquet": cut(vectors([]float32{1, 2}))},
		source: `{kind: parquet, path: v.parquet, table: vectors, language: en}`,
		fails:  "pipeline.yaml:4:31: sources.data.path: opening v.parquet: parquet: file is smaller than indicated metadata size: the file is cut short or damaged, or no Parquet; get it again",
	},
	{
		name:   "text for Parquet",
		files:  map[string]string{"v.parquet": "id,vector\n"},
		source: `{kind: parquet, path: v.parquet, table: vectors, language: en}`,
		fails:  "pipeline.yaml:4:31: sources.data.path: opening v.parquet: parquet: file is smaller than indicated metadata size: the file is cut short or damaged, or no Parquet; get it again",
	},
	{
		name: "BEIR", table: "judgments", budget: "2",
		files: map[string]string{"corpus.jsonl": `{"_id": "d1", "text": "noon"}`, "queries.jsonl": `{"_id": "q1", "text": "noon"}`,
			"qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\tmany\nq1\td3\n"},
		source:  `{kind: beir, path: .}`,
		out:     1,
		dropped: `{"header":1}`,
		bad:     []string{"qrels/test.tsv:3 bad_value", "qrels/test.tsv:4 missing_columns"},
	},
	{
		name: "mMARCO", table: "documents", budget: "3",
		files: map[string]string{"collections/english_collection.tsv": "1\tnoon\n2\n1\tagain\nthree \x00\tnight\n4\t \n",
			"queries/dev/english_queries.dev.small.tsv": "1\tnoon\n", "qrels.dev.small.tsv": "1\t0\t1\t1\n"},
		source:  `{kind: mmarco, path: ., documents: en}`,
		out:     1,
		dropped: `{"empty":1}`,
		bad:     []string{"collections/english_collection.tsv:2 missing_columns", "collections/english_collection.tsv:3 duplicate_id", "collections/english_collection.tsv:4 nul_byte"},
	},
}
