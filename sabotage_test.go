package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ferry-clir/ferry/pipeline"
)

// warned remembers warnings.
type warned struct {
	quiet
	all *[]string
}

func (w warned) Warned(step, warning string) {
	*w.all = append(*w.all, warning)
	w.quiet.Warned(step, warning)
}

// TestSabotage distils multilingual-e5-small into itself from 40 or 120 pairs of Tatoeba in German and as many in Thai: as one
// should, and with a mistake that no loss shows.
func TestSabotage(t *testing.T) {
	models, data := modelsFolder(t), dataFolder(t)
	for _, c := range []struct {
		name  string
		lines int
		shift int // lines by which the Thai texts are moved round
		sets  []string
		want  string // of the error or the only warning; empty for neither
	}{
		{name: "as it should be", lines: 120},
		{name: "learning rate", lines: 120, sets: []string{"learning_rate=5.0e-3"},
			want: `^stages.student: training step \d+ of 30: the sentence vectors have collapsed, their mean cosine is 1.00000 at step \d+ ` +
				`\(loss \d.\d+, \d.\d+ at the first step\): lower learning_rate \(now 0.005\) to 0.0005, or add the contrastive loss$`},
		{name: "shuffled", lines: 120, shift: 40,
			want: `^the pairs in th are no more alike than pairs at random at step 30: [345]\d % of 120 are nearer .* Is their bitext shifted or shuffled`},
		{name: "epsilon too small", lines: 40, sets: []string{"epsilon=1.0e-6"},
			want: `^[1-9]\d % of 160 transport problems were not solved to the tolerance \(0.001\) within 100 iterations, the mean marginal error is 0.\d+ ` +
				`at step 10: raise epsilon \(now 1e-06\) to 0.02, or raise iterations \(now 100\) to 1000, or take solver exact$`},
		{name: "epsilon too large", lines: 40, sets: []string{"epsilon=2"},
			want: `^the transport plans hardly depend on the costs: for 10 steps they have spread each token over the other text by 1.00 at step 10, .*: ` +
				`lower epsilon \(now 2\) to 0.02$`},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			for _, language := range []string{"deu", "tha"} {
				for _, side := range []string{language, "eng"} {
					name := "tatoeba." + language + "-eng." + side
					all, err := os.ReadFile(filepath.Join(data, "bitext/tatoeba", name))
					if err != nil {
						t.Skipf("FERRY_DATA has no Tatoeba: %v", err)
					}
					lines := strings.SplitAfter(string(all), "\n")[:c.lines]
					if side == "tha" {
						lines = slices.Concat(lines[c.shift:], lines[:c.shift])
					}
					write(t, filepath.Join(folder, name), strings.Join(lines, ""))
				}
			}
			write(t, filepath.Join(folder, "pipeline.yaml"), sabotaged)
			for i, set := range c.sets {
				c.sets[i] = "stages.student." + set
			}
			var got []string
			p := checked(t, filepath.Join(folder, "pipeline.yaml"), map[string]string{"FERRY_MODELS": models}, c.sets...)
			if err := p.Run(t.Context(), pipeline.Options{Reporter: warned{quiet{t}, &got}}); err != nil {
				t.Log(err)
				got = append(got, err.Error())
			}
			if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !regexp.MustCompile(c.want).MatchString(got[0])) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const sabotaged = `
seed: 1
sources:
  tatoeba: {kind: bitext, path: "tatoeba.{target}-{source}", languages: [en, de, th], codes: {en: eng, de: deu, th: tha}}
models:
  e5: {kind: pretrained, path: "${FERRY_MODELS}/multilingual-e5-small"}
stages:
  small: {kind: trim, from: tatoeba, model: e5, prefixes: ["query: "]}
  pairs: {kind: tokenize, from: tatoeba, teacher: small, student: small, prefix: "query: ", max_tokens: 24}
  student: {kind: distill, from: pairs, teacher: small, student: small, precision: bf16, freeze_embeddings: true, batch: 8}
sinks:
  training: {kind: parquet, from: student.training, path: training.parquet}
`
