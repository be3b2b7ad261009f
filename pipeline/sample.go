package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/pipeline/strict"
	"github.com/ferry-clir/ferry/sinks"
	"github.com/ferry-clir/ferry/sources/download"
	"github.com/ferry-clir/ferry/sources/phrasebook"
)

// sampleFolder is where the built-in corpora are written.
func sampleFolder(work string) string { return filepath.Join(work, "sample") }

// sampleTokenizer is the built-in tokenizer's name behind sample:.
const sampleTokenizer = "tokenizer.json"

// A sample is a built-in corpus, or a file of one, that a path names: `sample:mtop` in the key path.
type sample struct{ key, name string }

// writeSamples puts the built-in corpora that paths name, `sample:mtop` and the like, into the work folder.
func (p *Pipeline) writeSamples(ctx context.Context, m *strict.Found) error {
	known := append(phrasebook.Corpora(), sampleTokenizer)
	written := map[string]bool{}
	for _, s := range p.Steps {
		for _, sample := range s.samples {
			corpus, _, _ := strings.Cut(sample.name, "/")
			switch {
			case s.Section == "sinks":
				s.faulty = true
				s.blame(m, sample.key, "sample: names what is built in, and cannot be written to")
			case !slices.Contains(known, corpus):
				s.faulty = true
				s.blame(m, sample.key, "there is no sample corpus %q%s", corpus, strict.DidYouMean(corpus, known))
			case !written[corpus]:
				written[corpus] = true
				if err := writeSample(ctx, sampleFolder(p.Work), corpus); err != nil {
					return fmt.Errorf("writing sample corpus %s into the work folder (work: %s): %w", corpus, p.Work, err)
				}
			}
		}
	}
	return nil
}

func writeSample(ctx context.Context, folder, corpus string) error {
	if corpus != sampleTokenizer {
		return phrasebook.Write(ctx, filepath.Join(folder, corpus), corpus)
	}
	file := filepath.Join(folder, corpus)
	if there, err := os.ReadFile(file); err == nil && bytes.Equal(there, phrasebook.Tokenizer()) {
		return nil
	}
	unlock, err := download.Lock(ctx, folder, nil)
	if err != nil {
		return err
	}
	defer unlock()
	if err := sinks.Sweep(file); err != nil {
		return err
	}
	f, err := sinks.Create(file)
	if err != nil {
		return err
	}
	_, err = f.Write(phrasebook.Tokenizer())
	return f.Publish(err)
}
