package bench

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/ferry-clir/ferry/model/retrieve"
	"github.com/ferry-clir/ferry/trec"
)

// runs is where the run and the judgments are that are evaluated.
var runs = filepath.Join("..", "build", "bench", "retrieve")

var retrieval = []comparison{
	{script: []string{"maxsim.py", "--only", "maxsim"}, last: "ragged mean 64, maxsim_scores_variable", weight: 2, unit: "documents/s", benches: []benchmark{
		{"maxsim-fixed", "32 x 128 against 10,000 of 64 x 128", "fixed*", "", lateInteraction(true)},
		{"maxsim-ragged", "32 x 128 against 10,000 of 16 to 180 x 128", "ragged*", "", lateInteraction(false)},
	}},
	{script: []string{"maxsim.py", "--only", "dense"}, last: "argpartition", weight: 4, unit: "queries/s", benches: []benchmark{
		{"dense-batch", "1,000 queries, the best 100 of 200,000 x 384", "*queries*", "", denseBatch(randomVectors, denseTop)},
		{"dense-single", "the same one by one, bytes first and exact", "*one query a call", "", denseSingle(randomVectors, denseTop)},
	}},
	{script: []string{"evaluate.py", "--data", absolute(runs, ""), "--only", "pytrec_eval"}, last: "parse + compute", apart: true, weight: 2, unit: "rows/s",
		benches: []benchmark{{"evaluate", "6,980 x 1,000 hits, nDCG@10, AP, RR@10 and R@100 from files", "parse + compute", "", evaluating}}},
	beside("approximate-random", "200,000 random directions", randomVectors),
	beside("approximate-real", "18,970 lines of NTREX-128 in ten languages, 1,000 English ones asked, "+openModel, realVectors, "--file", absolute(realFile, "")),
}

// TestRetrieve writes build/bench/retrieve.jsonl. FERRY_BENCH=retrieve asks for it, or retrieve:<benchmark>,... for some.
func TestRetrieve(t *testing.T) {
	wanted := asked(t, "retrieve")
	if wanted("evaluate") {
		err := writeInput(filepath.Join(runs, "qrels.trec"), func(to io.Writer) error { return writeRun(io.Discard, to, 6980, 1000) })
		err = errors.Join(err, writeInput(filepath.Join(runs, "run.trec"), func(to io.Writer) error { return writeRun(to, io.Discard, 6980, 1000) }))
		if err != nil {
			t.Fatal(err)
		}
	}
	var skipped []line
	if all := wanted; all("approximate-real") {
		if err := writeInput(realFile, embedNTREX); err != nil {
			skipped = []line{{Bench: "approximate-real", Variant: openModel, Skipped: "embedding with a model of FERRY_MODELS: " + err.Error()}}
			wanted = func(name string) bool { return name != "approximate-real" && all(name) }
		}
	}
	report(t, "retrieve", append(compare(t, retrieval, wanted), skipped...))
}

// directions draws n vectors of length 1.
func directions(seed uint64, n, d int) []float32 {
	r := rand.New(rand.NewPCG(workloadSeed, seed))
	all := make([]float32, 0, n*d)
	for range n {
		all = append(all, direction(r, d)...)
	}
	return all
}

func numbered(n int) []retrieve.Document {
	all := make([]retrieve.Document, n)
	for i := range all {
		all[i] = retrieve.Document{Language: "en", ID: strconv.Itoa(i)}
	}
	return all
}

// lateInteraction is one query against passages.
func lateInteraction(fixed bool) func(threads int) (task, error) {
	const tokens, d, passages = 32, 128, 10_000
	return func(threads int) (task, error) {
		offsets := []int32{0}
		for _, n := range passageLengths(passages) {
			if fixed {
				n = 64
			}
			offsets = append(offsets, offsets[len(offsets)-1]+int32(n))
		}
		query, vectors, documents := directions(1, tokens, d), directions(2, int(offsets[passages]), d), numbered(passages)
		return task{size: passages, run: func() {
			s, err := retrieve.NewMaxSim(query, []int32{0, tokens}, d, 100, nil)
			must(err)
			must(s.Add(context.Background(), documents, offsets, vectors, threads))
			s.Results()
		}}, nil
	}
}

const (
	denseQueries   = 1000
	denseDocuments = 200_000
	denseWidth     = 384
	denseTop       = 100
)

// denseBatch asks all queries, which are the last of the vectors.
func denseBatch(vectors func() ([]float32, error), top int) func(threads int) (task, error) {
	return func(threads int) (task, error) {
		documents, queries, err := split(vectors())
		return task{size: denseQueries, run: func() {
			s, err := retrieve.NewDense(queries, denseWidth, top, nil)
			must(err)
			must(s.Add(context.Background(), numbered(len(documents)/denseWidth), documents, threads))
			s.Results()
		}}, err
	}
}

// denseSingle asks 100 of the queries, as the peer does.
func denseSingle(vectors func() ([]float32, error), top int) func(threads int) (task, error) {
	return func(threads int) (task, error) {
		const few = 100
		documents, queries, err := split(vectors())
		if err != nil {
			return task{}, err
		}
		index, err := retrieve.NewIndex(context.Background(), numbered(len(documents)/denseWidth), documents, denseWidth, threads)
		return task{size: few, run: func() {
			for i := range few {
				_, err := index.Search(context.Background(), queries[i*denseWidth:(i+1)*denseWidth], top, threads)
				must(err)
			}
		}}, err
	}
}

func split(vectors []float32, err error) (documents, queries []float32, _ error) {
	n := max(0, len(vectors)-denseQueries*denseWidth)
	return vectors[:n], vectors[n:], err
}

func randomVectors() ([]float32, error) {
	return directions(4, denseDocuments+denseQueries, denseWidth), nil
}

func evaluating(threads int) (task, error) {
	return task{size: 6980 * 1000, run: func() {
		measures, err := trec.ParseMeasures([]string{"nDCG@10", "AP", "RR@10", "R@100"}, true)
		must(err)
		_, err = trec.Evaluate(context.Background(), filepath.Join(runs, "run.trec"), filepath.Join(runs, "qrels.trec"),
			trec.EvaluateOptions{Measures: measures, Workers: threads})
		must(err)
	}}, nil
}

// writeRun writes a run and judgments as workload.py does.
func writeRun(run, judgments io.Writer, queries, depth int) error {
	const passages, further = 8_841_823, 457
	r := splitMix(workloadSeed + 6)
	hits, judged := bufio.NewWriterSize(run, 1<<20), bufio.NewWriter(judgments)
	documents := make([]uint64, depth)
	for q := range queries {
		query, base := 1000+3*q, r.next()%8_000_000
		for k := range documents {
			documents[k] = (base + uint64(k)*101 + r.next()%97) % passages
		}
		score := 30.0
		for k, d := range documents {
			score -= float64(r.next()%1000) / 40000
			fmt.Fprintf(hits, "%d Q0 %d %d %.6f peer\n", query, d, k+1, score)
		}
		relevant := uint64(passages + q)
		if r.next()%10 < 9 {
			relevant = documents[min(depth-1, int(float64(depth)*math.Pow(r.uniform(), 4)))]
		}
		fmt.Fprintf(judged, "%d 0 %d %d\n", query, relevant, 1+r.next()%3)
		if q < further {
			fmt.Fprintf(judged, "%d 0 %d 1\n", query, 8_841_900+q)
		}
	}
	return errors.Join(hits.Flush(), judged.Flush())
}

// TestRun compares with what workload.py writes.
func TestRun(t *testing.T) {
	var run, judgments bytes.Buffer
	if err := writeRun(&run, &judgments, 600, 40); err != nil {
		t.Fatal(err)
	}
	const want = "56b6d0f0315527c970de31618658baf1dc71bf2643d2765ea6394a51cbd81ed7"
	if got := fmt.Sprintf("%x", sha256.Sum256(append(run.Bytes(), judgments.Bytes()...))); got != want {
		t.Errorf("the run and judgments of 600 queries have the hash %s, not %s", got, want)
	}
}
