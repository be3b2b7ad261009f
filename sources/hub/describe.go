package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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
}

// Describe lists a model and downloads the small files that Inspect reads. Once that has been done the network is not
// asked again.
func (c *Client) Describe(ctx context.Context, m Model) (*Listing, error) {
	folder := m.folder(c.cache)
	if l := load(folder, m); l != nil && len(l.absent(true)) == 0 {
		return l, nil
	}
	unlock, err := lock(ctx, folder)
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

// Download makes sure that every file of the listing is in its folder.
func (c *Client) Download(ctx context.Context, l *Listing) error {
	if len(l.absent(false)) == 0 {
		return nil
	}
	unlock, err := lock(ctx, l.folder)
	if err != nil {
		return fmt.Errorf("downloading %s: %w", l.asked, err)
	}
	defer unlock()
	return c.fetch(ctx, l, l.absent(false), c.Progress)
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
	err := c.persist(ctx, func() (bool, error) {
		return false, c.exchange(ctx, http.MethodHead, l.pinned(), name, http.Header{}, func(r *http.Response, _ io.Reader) error {
			var commit string
			file.ETag, file.Size, commit = facts(r)
			if len(l.Files) == 0 && commits.MatchString(commit) {
				l.Commit = commit
			}
			if file.ETag == "" {
				return final{errors.New("the hub gives it no ETag, so nothing tells when it changes")}
			}
			if read && file.Size > largest {
				return final{fmt.Errorf("it has %d bytes, more than JSON of a model should", file.Size)}
			}
			return nil
		})
	})
	l.Files = append(l.Files, file)
	if err != nil {
		l.Files = l.Files[:len(l.Files)-1]
	}
	return l.named(name, err)
}

// facts reads what the hub says about a file. Where it redirects to another host, the first answer counts.
func facts(last *http.Response) (etag string, size int64, commit string) {
	etag, size = last.Header.Get("Etag"), last.ContentLength
	if last.StatusCode != http.StatusOK {
		size = -1
	}
	for r := last; r != nil; r = r.Request.Response {
		if linked := r.Header.Get("X-Linked-Etag"); linked != "" {
			etag = linked
		}
		if linked, err := strconv.ParseInt(r.Header.Get("X-Linked-Size"), 10, 64); err == nil {
			size = linked
		}
		if said := r.Header.Get("X-Repo-Commit"); said != "" {
			commit = said
		}
	}
	return strings.Trim(strings.TrimPrefix(etag, "W/"), `"`), size, commit
}
