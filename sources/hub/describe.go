package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/sources/download"
)

const largest = 16 << 20 // bytes of a file that is read as JSON

// wanted are the files that a model is made of, besides its weights: those it must have, and the small ones that are
// read before a run.
var wanted = []struct {
	name         string
	needed, read bool
}{
	{"config.json", true, true},
	{"tokenizer.json", true, false},
	{"tokenizer_config.json", false, false},
	{"special_tokens_map.json", false, false},
	{"vocab.txt", false, false},
	{"modules.json", false, true},
	{"1_Pooling/config.json", false, true},
	{"sentence_bert_config.json", false, true},
	{"2_Dense/config.json", false, true},
	{"2_Dense/model.safetensors", false, false},
}

// Describe lists a model and downloads the small files that Inspect reads. Once that has been done the network is not
// asked again.
func (c *Client) Describe(ctx context.Context, m Model) (*Listing, error) {
	folder := m.folder(c.cache)
	if l := load(folder, m); l != nil && len(l.absent(true)) == 0 {
		return l, nil
	}
	unlock, err := download.Lock(ctx, folder, nil)
	if err != nil {
		return nil, fmt.Errorf("downloading %s: %w", m, err)
	}
	defer unlock()
	l := load(folder, m)
	if l == nil {
		if l, err = c.list(ctx, m, folder); err != nil {
			return nil, err
		}
	}
	return l, c.fetch(ctx, l, l.absent(true), nil)
}

// Download makes sure that every file of the listing is in its folder or, if there are names, those files.
func (c *Client) Download(ctx context.Context, l *Listing, names ...string) error {
	absent := func() []File {
		return slices.DeleteFunc(l.absent(false), func(f File) bool { return len(names) > 0 && !slices.Contains(names, f.Name) })
	}
	if len(absent()) == 0 {
		return nil
	}
	unlock, err := download.Lock(ctx, l.folder, nil)
	if err != nil {
		return fmt.Errorf("downloading %s: %w", l.asked, err)
	}
	defer unlock()
	return c.fetch(ctx, l, absent(), c.Progress)
}

// list asks the hub for every file and writes the listing down.
func (c *Client) list(ctx context.Context, m Model, folder string) (*Listing, error) {
	l := &Listing{Model: m.String(), Commit: m.Revision, asked: m, folder: folder}
	for _, w := range wanted {
		if err := c.add(ctx, l, w.name, w.read); err != nil && (w.needed || !errors.As(err, new(missing))) {
			return nil, err
		}
	}
	if err := c.addWeights(ctx, l); err != nil {
		return nil, err
	}
	data, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing listing: %w", err)
	}
	path := filepath.Join(folder, listingFile)
	if err := os.WriteFile(path+".part", append(data, '\n'), 0o666); err != nil {
		return nil, fmt.Errorf("writing listing: %w", err)
	}
	return l, os.Rename(path+".part", path)
}

// addWeights lists model.safetensors or, where there is none, the shards that its index names.
func (c *Client) addWeights(ctx context.Context, l *Listing) error {
	none := c.add(ctx, l, weightsFile, false)
	if !errors.As(none, new(missing)) {
		return none
	}
	if err := c.add(ctx, l, shardsFile, true); err != nil {
		if errors.As(err, new(missing)) {
			return none
		}
		return err
	}
	if err := c.fetch(ctx, l, l.Files[len(l.Files)-1:], nil); err != nil {
		return err
	}
	var index struct {
		Shards map[string]string `json:"weight_map"`
	}
	data, err := os.ReadFile(filepath.Join(l.folder, shardsFile))
	if err == nil {
		err = json.Unmarshal(data, &index)
	}
	if err != nil {
		return fmt.Errorf("reading %s of %s: %w", shardsFile, l.asked, err)
	}
	for _, name := range slices.Compact(slices.Sorted(maps.Values(index.Shards))) {
		if !words.MatchString(name) || !strings.HasSuffix(name, ".safetensors") {
			return fmt.Errorf("reading %s of %s: it names %q as a file of weights", shardsFile, l.asked, name)
		}
		if err := c.add(ctx, l, name, false); err != nil {
			return err
		}
	}
	return nil
}

// add asks for one file's size and ETag. The first answer tells which commit the revision stands for; all that follows
// is asked of that commit.
func (c *Client) add(ctx context.Context, l *Listing, name string, read bool) error {
	file := File{Name: name, Read: read}
	err := c.server(l.asked, name).Ask(ctx, c.address(l.pinned(), name), func(f download.Facts) error {
		file.ETag, file.Size = f.ETag, f.Size
		if len(l.Files) == 0 && commits.MatchString(f.Commit) {
			l.Commit = f.Commit
		}
		if file.ETag == "" {
			return download.Final{Err: errors.New("the hub gives it no ETag, so nothing tells when it changes")}
		}
		if read && file.Size > largest {
			return download.Final{Err: fmt.Errorf("it has %d bytes, more than JSON of a model should", file.Size)}
		}
		return nil
	})
	if err != nil {
		return l.named(name, err)
	}
	l.Files = append(l.Files, file)
	return nil
}
