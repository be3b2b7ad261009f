package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/sources/download"
)

// models opens every model that the file names, and has it embed a sentence. Nothing is downloaded.
func (d *doctor) models(ctx context.Context) {
	hashes := content.OpenKnown(d.pipeline.Work)
	for _, s := range d.pipeline.Steps {
		c, ok := s.component.(modelSource)
		if !ok || s.faulty {
			continue // a mistake that was told
		}
		if remote, ok := c.(interface{ GoOffline() }); ok {
			remote.GoOffline()
		}
		opened, err := c.Open(ctx, s.seedOr(d.pipeline.Seed), func(int64, int64) {})
		if errors.Is(err, download.ErrOffline) && !d.pipeline.Offline {
			d.well(s.Where(), "it is not downloaded yet, which a run does")
			continue
		}
		if err != nil {
			d.say(Fail, s.Where(), "name another, or download it again", "it cannot be opened: %s", err)
			continue
		}
		if err := embeds(ctx, opened); err != nil {
			d.say(Fail, s.Where(), "download or train it again", "%s", err)
			continue
		}
		config := opened.Info.Config
		text := fmt.Sprintf("%s, %d layers of %d, %d pieces", config.ModelType, config.Layers, config.Hidden, opened.Tokenizer.VocabularySize())
		if weights, err := weightsOf(ctx, c, hashes); err != nil {
			d.say(Fail, s.Where(), "look into the system's log for what is wrong with the disk", "%s", err)
			continue
		} else if weights != "" {
			text += ", SHA-256 of the weights " + weights
		}
		d.well(s.Where(), "%s", text)
	}
}

// embeds tells what is wrong with the vector of a sentence.
func embeds(ctx context.Context, m *model.Model) error {
	var unusable error
	o := model.EmbedOptions{Pooling: m.Info.Pooling, Normalize: m.Info.Normalize, MaxTokens: m.Info.MaxTokens, Budget: m.Info.MaxTokens}
	err := model.NewEmbedder(m, o).Embed(ctx, []string{"Where is the bus stop?"}, false, func(_ int, r model.Embedded) error {
		unusable = r.Unusable
		return nil
	})
	if err == nil {
		err = unusable
	}
	return err
}

// weightsOf is the beginning of the hash of each file of weights, as sha256sum prints it.
func weightsOf(ctx context.Context, c modelSource, hashes *content.Known) (string, error) {
	files, err := c.Files()
	var sums []string
	for _, file := range files {
		if err == nil && filepath.Ext(file) == ".safetensors" {
			var sum string
			if sum, err = hashes.Sum(ctx, file); err == nil {
				sums = append(sums, sum[:12])
			}
		}
	}
	return strings.Join(sums, ", "), err
}
