package pipeline

import (
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"gonum.org/v1/gonum/mat"

	"github.com/ferry-clir/ferry/schemas"
)

// TestAdversarialOnRealText trains a real model on a part of MTOP in four languages. Of the rest, a linear probe that is fitted
// anew tells the languages apart less well than before, English queries find as much in English documents, and Thai ones more.
func TestAdversarialOnRealText(t *testing.T) {
	data := os.Getenv("FERRY_DATA")
	if data == "" {
		data = "../../shared/data"
	}
	data, err := filepath.Abs(data)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(data, "mtop", "th")); err != nil || os.Getenv("FERRY_MODELS") == "" || testing.Short() {
		t.Skip("takes minutes; FERRY_DATA and FERRY_MODELS have to name folders with MTOP and multilingual-e5-small")
	}
	t.Setenv("FERRY_DATA", data)
	folder, file := folderWith(t, "adversarial.yaml")
	if err := run(t.Context(), t, file, Options{Workers: 2}); err != nil {
		t.Fatal(err)
	}
	before, after := languageProbe(t, filepath.Join(folder, "out", "before.parquet")), languageProbe(t, filepath.Join(folder, "out", "after.parquet"))
	scores := func(language string) (before, after float64) {
		return meanOf(t, filepath.Join(folder, "out", "scores_before.parquet"), language), meanOf(t, filepath.Join(folder, "out", "scores_after.parquet"), language)
	}
	english, still := scores("en")
	thai, more := scores("th")
	accuracy := columnOf[*array.Float64](t, filepath.Join(folder, "out", "training.parquet"), "discriminator_accuracy")
	t.Logf("a probe names %.1f%% of the languages, %.1f%% before; nDCG@10 of English is %.2f, %.2f before, of Thai %.2f, %.2f before; the discriminator ends at %.2f",
		100*after, 100*before, 100*still, 100*english, 100*more, 100*thai, accuracy.Value(accuracy.Len()-1))
	if !(before > 0.95 && after < before-0.1) {
		t.Errorf("a probe names %.3f of the languages, %.3f before", after, before)
	}
	if still < english-0.01 || more < thai {
		t.Errorf("nDCG@10 of English went from %.4f to %.4f, of Thai from %.4f to %.4f", english, still, thai, more)
	}
}

// meanOf is the mean score of a language's queries.
func meanOf(t *testing.T, file, language string) float64 {
	t.Helper()
	languages, queries := columnOf[*array.String](t, file, schemas.Language), columnOf[*array.String](t, file, schemas.QueryID)
	for i := range languages.Len() {
		if languages.Value(i) == language && queries.IsNull(i) {
			return columnOf[*array.Float64](t, file, schemas.Value).Value(i)
		}
	}
	t.Fatalf("%s has no mean of %s", file, language)
	return 0
}

// languageProbe fits a linear classifier of vectors by language to half of the ids, by least squares, and returns the share of
// the other half that it names.
func languageProbe(t *testing.T, file string) float64 {
	t.Helper()
	ids, languages := columnOf[*array.String](t, file, schemas.ID), columnOf[*array.String](t, file, schemas.Language)
	vectors := columnOf[*array.FixedSizeList](t, file, schemas.Vector)
	x, d := vectors.ListValues().(*array.Float32), int(vectors.DataType().(interface{ Len() int32 }).Len())
	classes := slices.Compact(slices.Sorted(slices.Values(values(t, file, schemas.Language))))
	row := func(i int) *mat.VecDense {
		v := mat.NewVecDense(d+1, nil)
		v.SetVec(d, 1)
		for k := range d {
			v.SetVec(k, float64(x.Value(i*d+k)))
		}
		return v
	}
	fitted := func(i int) bool { return crc32.ChecksumIEEE([]byte(ids.Value(i)))%2 == 0 }
	squares, products, weights := mat.NewDense(d+1, d+1, nil), mat.NewDense(d+1, len(classes), nil), new(mat.Dense)
	for k := range d {
		squares.Set(k, k, 1e-3) // a ridge
	}
	for i := range ids.Len() {
		if fitted(i) {
			v := row(i)
			squares.RankOne(squares, 1, v, v)
			column := products.ColView(slices.Index(classes, languages.Value(i))).(*mat.VecDense)
			column.AddVec(column, v)
		}
	}
	if err := weights.Solve(squares, products); err != nil {
		t.Fatal(err)
	}
	right, all := 0, 0
	for i := range ids.Len() {
		if !fitted(i) {
			guess := new(mat.VecDense)
			guess.MulVec(weights.T(), row(i))
			all++
			if classes[slices.Index(guess.RawVector().Data, mat.Max(guess))] == languages.Value(i) {
				right++
			}
		}
	}
	return float64(right) / float64(all)
}
