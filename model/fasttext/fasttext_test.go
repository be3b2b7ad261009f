package fasttext

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func open(t testing.TB, file string) *Model {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Read(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestReference compares with the probabilities that fastText gives; testdata/make.py makes models and answers.
func TestReference(t *testing.T) {
	files, err := filepath.Glob("testdata/*.model")
	if err != nil || len(files) < 7 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) { compare(t, open(t, file), strings.TrimSuffix(file, ".model")+".json") })
	}
}

// TestPublished does so for the model of 176 languages.
func TestPublished(t *testing.T) {
	file := filepath.Join(os.Getenv("FERRY_MODELS"), "lid.176.ftz")
	if _, err := os.Stat(file); err != nil {
		t.Skip("FERRY_MODELS has no lid.176.ftz")
	}
	m := open(t, file)
	if len(m.Labels) != 176 {
		t.Errorf("%d labels", len(m.Labels))
	}
	compare(t, m, "testdata/lid.176.json")
}

func compare(t *testing.T, m *Model, answers string) {
	data, err := os.ReadFile(answers)
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Text          string
		Labels        []string
		Probabilities []float64
	}
	if err := json.Unmarshal(data, &rows); err != nil || len(rows) < 40 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	tolerance := 2e-5 // twice what fastText adds to every probability before it takes the logarithm
	if m.Loss == oneVersusAll {
		tolerance = 0.01 // it takes the sigmoid from a table of 512 values from -8 to 8
	}
	for _, row := range rows {
		p := m.Probabilities(row.Text)
		if len(row.Labels) == 0 && slices.Max(p) > 0 {
			t.Errorf("%q has %v, want nothing", row.Text, p)
		}
		for i, label := range row.Labels {
			if got := p[slices.Index(m.Labels, label)]; math.Abs(got-row.Probabilities[i]) > tolerance {
				t.Errorf("%q is %s with %v, want %v", row.Text, label, got, row.Probabilities[i])
			}
		}
		if len(row.Labels) > 0 && slices.Max(p) > row.Probabilities[0]+tolerance {
			t.Errorf("%q has %v, more than fastText's %v", row.Text, slices.Max(p), row.Probabilities[0])
		}
	}
}

func TestReadErrors(t *testing.T) {
	whole, err := os.ReadFile("testdata/pruned.model")
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(whole); n += 17 {
		if _, err := Read(bytes.NewReader(whole[:n]), int64(n)); err == nil {
			t.Fatalf("the first %d bytes are a model", n)
		}
	}
	change := func(at int, b byte) []byte {
		data := slices.Clone(whole)
		data[at] = b
		return data
	}
	for _, c := range []struct {
		data []byte
		want string
	}{
		{[]byte("PK\x03\x04\x00\x00\x00\x00"), "it is no model of fastText"},
		{change(4, 11), "it has version 11; only 12 is known"},
		{change(8+7*4, 1), "it is no classifier but a model of words"},
		{change(8+5*4, 2), "it uses sequences of 2 words, which is not supported"},
		{change(8+3, 1), "its settings make no sense"},
	} {
		if _, err := Read(bytes.NewReader(c.data), int64(len(c.data))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// FuzzRead makes sure that what can be read can be used, whatever it is, and that no more is allocated than a file may hold.
func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.model")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "noon \xff ไทย")
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		m, err := Read(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		if p := m.Probabilities(text); len(p) != len(m.Labels) {
			t.Fatalf("%d probabilities, %d labels", len(p), len(m.Labels))
		}
	})
}

// BenchmarkProbabilities identifies sentences of some ten words.
func BenchmarkProbabilities(b *testing.B) {
	file := filepath.Join(os.Getenv("FERRY_MODELS"), "lid.176.ftz")
	if _, err := os.Stat(file); err != nil {
		b.Skip("FERRY_MODELS has no lid.176.ftz")
	}
	m := open(b, file)
	for b.Loop() {
		m.Probabilities("Treni inaondoka saa sita mchana kila siku isipokuwa Jumapili na sikukuu.")
	}
}
