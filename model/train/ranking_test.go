package train

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/ferry-clir/ferry/model/encoder"
)

// TestRankingAgainstSentenceTransformers holds contrastive and score_kl, with hard negatives and masks, against what
// sentence-transformers and PyTorch computed; testdata/make_ranking.py made the file.
func TestRankingAgainstSentenceTransformers(t *testing.T) {
	var golden []struct {
		Name               string
		A, B, Teacher      []float32
		Temperature        float32
		TeacherTemperature float32 `json:"teacher_temperature"`
		Masked             [][2]int
		Loss               float64
		DA, DB             []float64
	}
	data, err := os.ReadFile("testdata/ranking.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &golden); err != nil || len(golden) == 0 {
		t.Fatalf("%d cases, %v", len(golden), err)
	}
	for _, g := range golden {
		da, db := make([]float32, len(g.A)), make([]float32, len(g.B))
		masked := func(i, j int) bool { return slices.Contains(g.Masked, [2]int{i, j}) }
		var loss float64
		if g.Name == ScoreKL {
			loss = scoreKL(da, db, g.A, g.B, g.Teacher, goldenWidth, g.Temperature, g.TeacherTemperature, 0.5, masked)
		} else {
			loss = infoNCE(da, db, g.A, g.B, goldenWidth, g.Temperature, 0.5, masked)
		}
		nearLoss(t, g.Name, loss, g.Loss)
		near(t, g.Name+", a", da, g.DA, 0.5, 2e-5)
		near(t, g.Name+", b", db, g.DB, 0.5, 2e-5)
	}
}

// ranking makes queries of words 3 to 29, each with the document that has the same words and two that have those of others.
func ranking(losses ...Loss) Contrastive {
	c := NewContrastive()
	c.Losses = losses
	c.Queries, c.Documents = bitext(48)
	for _, shift := range []int{1, 5} {
		var texts [][]int32
		for i := range 48 {
			texts = append(texts, text(c.Documents, (i+shift)%48))
		}
		c.Negatives = append(c.Negatives, ragged(texts...))
	}
	for i := range 48 {
		c.TeacherScores = append(c.TeacherScores, 0.9, 0.5, 0.1*float32(i%3))
	}
	return c
}

func TestRankingLearns(t *testing.T) {
	for _, losses := range [][]Loss{{{ContrastiveLoss, 1}}, {{ScoreKL, 1}}, {{ContrastiveLoss, 0.5}, {ScoreKL, 1}}} {
		records := run(t, tiny(2), ranking(losses...), options())
		first, last := records[0], records[len(records)-1]
		for k, l := range losses {
			if !(last.Losses[k] < 0.5*first.Losses[k]) {
				t.Errorf("%v: %s went from %v to %v", losses, l.Name, first.Losses[k], last.Losses[k])
			}
		}
	}
}

// TestMaskedDocuments has a batch in which query 1's document answers query 0 too: that pair alone makes the difference
// between the losses, whichever places the samples take.
func TestMaskedDocuments(t *testing.T) {
	loss := func(masked func(i, j, k int) bool) float64 {
		c, o := ranking(Loss{ContrastiveLoss, 1}), options()
		c.Masked = masked
		o.Epochs, o.Batch = 1, 48
		return run(t, tiny(2), c, o)[0].Loss
	}
	// the same by hand
	c, student := ranking(), tiny(2)
	vectors := func(r Ragged) []float32 {
		out := make([]float32, 48*32)
		meanPool(out, student.Forward(encoder.NewWorkspace(), r), r.Offsets, 32)
		return out
	}
	queries := vectors(c.Queries)
	documents := slices.Concat(vectors(c.Documents), vectors(c.Negatives[0]), vectors(c.Negatives[1]))
	byHand := func(masked func(i, j, k int) bool) float64 {
		total := 0.0
		for i := range 48 {
			sum, own := 0.0, cosine(queries[i*32:i*32+32], documents[i*32:i*32+32])/0.05
			for j := range 144 {
				same := j != i && slices.Equal(documents[i*32:i*32+32], documents[j*32:j*32+32])
				if j == i || !same && !masked(i, j%48, j/48) {
					sum += math.Exp(cosine(queries[i*32:i*32+32], documents[j*32:j*32+32])/0.05 - own)
				}
			}
			total += math.Log(sum) / 48
		}
		return total
	}
	for _, masked := range []func(i, j, k int) bool{
		func(i, j, k int) bool { return false },
		func(i, j, k int) bool { return i == 0 && j == 7 && k == 0 },
		func(i, j, k int) bool { return i%2 == 0 && k == 2 || j == 3 && k == 1 },
	} {
		if got, want := loss(masked), byHand(masked); math.Abs(got-want) > 1e-4*want {
			t.Errorf("the loss is %v, want %v", got, want)
		}
	}
	if loss(nil) == loss(func(i, j, k int) bool { return i == 0 && j == 7 && k == 0 }) {
		t.Error("a mask makes no difference")
	}
}

func cosine(a, b []float32) float64 {
	dot, x, y := 0.0, 0.0, 0.0
	for i := range a {
		dot, x, y = dot+float64(a[i])*float64(b[i]), x+float64(a[i])*float64(a[i]), y+float64(b[i])*float64(b[i])
	}
	return dot / math.Sqrt(x*y)
}

func TestBadRanking(t *testing.T) {
	for want, change := range map[string]func(*Contrastive){
		`unknown loss "ot": there are contrastive and score_kl`: func(c *Contrastive) { c.Losses = []Loss{{OT, 1}} },
		"no loss has a weight":                           func(c *Contrastive) { c.Losses = []Loss{{ScoreKL, 0}} },
		"loss score_kl is given twice":                   func(c *Contrastive) { c.Losses = []Loss{{ScoreKL, 1}, {ScoreKL, 1}} },
		"there are 0 negatives a sample and 144 scores":  func(c *Contrastive) { c.Negatives = nil },
		"there are 2 negatives a sample and 143 scores":  func(c *Contrastive) { c.TeacherScores = c.TeacherScores[1:] },
		"a score of the teacher is not a number":         func(c *Contrastive) { c.TeacherScores[5] = float32(math.NaN()) },
		"teacher: temperature is 0, and must be above 0": func(c *Contrastive) { c.TeacherTemperature = 0 },
		"one side has 48 texts, the other 1":             func(c *Contrastive) { c.Negatives[1] = ragged([]int32{0, 2}) },
	} {
		c := ranking(Loss{ScoreKL, 1})
		change(&c)
		fail(t, want, tiny(2), c, options())
	}
	c := ranking(Loss{ContrastiveLoss, 1})
	c.TeacherScores = nil
	if err := c.check(tiny(2)); err != nil {
		t.Errorf("without score_kl: %v", err)
	}
}
