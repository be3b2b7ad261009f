package pipeline

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// TestExplainStage aligns pairs with an untrained model: the first of each language; a text and itself
// on the diagonal; all mass in the plans; the same bytes at any number of workers; and a heat map each.
func TestExplainStage(t *testing.T) {
	folder, _ := anyWorkers(t, "explain.yaml", map[string]string{
		"pairs.en-sw.tsv": "where is the river\twhere is the river\ngood morning\thabari ya asubuhi\n",
		"pairs.en-th.tsv": "good evening\tสวัสดี\nthank you\tขอบคุณ\n",
	})
	plans := filepath.Join(folder, "out", "plans.parquet")
	languages := values(t, plans, schemas.TargetLanguage)
	if got := slices.Compact(slices.Clone(languages)); !slices.Equal(got, []string{"sw", "th"}) {
		t.Errorf("pairs are in %v", got)
	}
	mass := columnOf[*array.Float64](t, plans, schemas.Mass).Float64Values()
	source, target := columnOf[*array.Int32](t, plans, schemas.SourceIndex).Int32Values(), columnOf[*array.Int32](t, plans, schemas.TargetIndex).Int32Values()
	total, diagonal := map[string]float64{}, 0.0
	for i, language := range languages {
		if total[language] += mass[i]; language == "sw" && source[i] == target[i] {
			diagonal += mass[i]
		}
	}
	for language, sum := range total {
		if math.Abs(sum-1) > 0.01 {
			t.Errorf("the plan in %s has a mass of %g", language, sum)
		}
	}
	if diagonal < 0.9 {
		t.Errorf("%g of the mass of a text and itself is on the diagonal", diagonal)
	}
	page, err := os.ReadFile(filepath.Join(folder, "out", "report", "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(page), `class="left1 plan"`); got != 2 || !strings.Contains(string(page), "<figcaption>en → sw, ") {
		t.Errorf("%d heat maps", got)
	}
}
