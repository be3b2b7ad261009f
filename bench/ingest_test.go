package bench

import (
	"os"
	"path/filepath"
	"testing"
)

// inputs is where the inputs of the benchmarks of ingestion are: made once, then kept.
var inputs = filepath.Join("..", "build", "bench", "ingest")

// corpora is where the published data sets are.
func corpora() string {
	if folder := os.Getenv("FERRY_DATA"); folder != "" {
		return folder
	}
	return filepath.Join("..", "..", "shared", "data")
}

var ingest = []comparison{
	{script: []string{"tokenize_bench.py", "--tokenizer", absolute(corpora(), "xlmr_tokenizer/tokenizer.json.gz"),
		"--text", absolute(corpora(), "bitext/ntrex128"), "--only", "encode_batch_fast"}, last: "fast warm", weight: 3, unit: "MB/s",
		benches: []benchmark{{"tokenize", "XLM-R, NTREX-128 in ten languages, ids", "encode_batch_fast*", "", tokenizing}}},
	{script: []string{"ingest.py", "--data", absolute(inputs, ""), "--only", "stream,duckdb"}, last: "COPY", apart: true, weight: 3, unit: "rows/s",
		benches: []benchmark{{"tsv", "500,000 passages, ferry run to zstd Parquet", "*", "", converting}}},
	{script: []string{"ingest.py", "--data", absolute(inputs, ""), "--tmx", absolute(corpora(), "bitext/tico19"), "--only", "tmx"},
		last: "xml.etree", weight: 1, unit: "MB/s",
		benches: []benchmark{{"tmx", "TICO-19 in six pairs of languages", "*iterparse", "", readingTMX}}},
	{rival: benchmark{name: "klauspost/compress", variant: "gzip to nowhere", work: inflating}, weight: 1, unit: "MB/s",
		benches: []benchmark{{"wikiclir", "German documents from the tar.gz, MB unpacked", "*", "", readingWikiCLIR}}},
	{script: []string{"parquet.py", "--only", "pyarrow/write"}, last: "write zstd, byte_stream_split", weight: 3, unit: "rows/s",
		benches: []benchmark{
			{"vectors", "200,000 x 384 float32, uncompressed", "write none*", "", writingVectors("none")},
			{"vectors", "200,000 x 384 float32, zstd", "write zstd*", "", writingVectors("zstd")},
		}},
}

func absolute(folder, name string) string {
	path, err := filepath.Abs(filepath.Join(folder, filepath.FromSlash(name)))
	if err != nil {
		panic(err)
	}
	return path
}

// TestIngest writes build/bench/ingest.jsonl. FERRY_BENCH=ingest asks for it, or ingest:<benchmark>,... for some.
func TestIngest(t *testing.T) {
	wanted := asked(t, "ingest")
	if err := writeInputs(); err != nil {
		t.Fatal("making inputs, for which FERRY_DATA should name the published data sets: ", err)
	}
	lines := compare(t, ingest, wanted)
	if wanted("tokenize-workers") {
		lines = append(lines, workers(t)...)
	}
	report(t, "ingest", lines)
}
