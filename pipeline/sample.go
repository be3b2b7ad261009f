package pipeline

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/sinks"
	"github.com/ferry-clir/ferry/sources/phrasebook"
)

// sampleFolder is where the built-in corpora are written.
func sampleFolder(work string) string { return filepath.Join(work, "sample") }

// sampleTokenizer is the built-in tokenizer's name behind sample:.
const sampleTokenizer = "tokenizer.json"

// writeSamples puts the built-in corpora that paths name, `sample:mtop` and the like, into the work folder.
func (p *Pipeline) writeSamples(ctx context.Context, m *mistakes) error {
	known := append(phrasebook.Corpora(), sampleTokenizer)
	written := map[string]bool{}
	for _, s := range p.Steps {
		for _, name := range s.samples {
			corpus, _, _ := strings.Cut(name, "/")
			switch {
			case !slices.Contains(known, corpus):
				m.add(s.at[""], s.Where(), "there is no sample corpus %q%s", corpus, didYouMean(corpus, known))
			case !written[corpus]:
				written[corpus] = true
				if err := writeSample(ctx, sampleFolder(p.Work), corpus); err != nil {
					return fmt.Errorf("writing sample corpus %s: %w", corpus, err)
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
	f, err := sinks.Create(filepath.Join(folder, corpus))
	if err != nil {
		return err
	}
	_, err = f.Write(phrasebook.Tokenizer())
	return f.Publish(err)
}
