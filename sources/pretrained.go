package sources

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
	"github.com/ferry-clir/ferry/sources/hub"
	"github.com/ferry-clir/ferry/sources/mapped"
)

// Pretrained opens a model from a folder in Hugging Face layout: config.json, tokenizer.json and model.safetensors (or
// its shards and their index), and modules.json with what belongs to it where sentence-transformers wrote the folder.
// XLM-R, RoBERTa and BERT types can be opened, with tokenizers of the types Unigram, WordPiece and BPE.
//
// A path such as hf://intfloat/multilingual-e5-small@<commit> names a model on the hub. Its small files are downloaded
// when the pipeline is checked, its weights when they are needed, both once, into the user's cache folder; see package
// hub. A branch in place of the commit, or nothing, which means main, stays at the commit that it first stood for on
// this machine.
type Pretrained struct {
	// Path is the model's folder, or hf://owner/name@revision.
	Path schemas.Path `yaml:"path" ferry:"required"`

	offline bool
}

// checkTime is how long the hub may take to tell about a model.
const checkTime = 2 * time.Minute

// NewPretrained returns a Pretrained with its defaults.
func NewPretrained() *Pretrained { return &Pretrained{} }

// GoOffline makes the model one that is in the cache already, or an error.
func (p *Pretrained) GoOffline() { p.offline = true }

func (p *Pretrained) remote() bool { return strings.Contains(string(p.Path), "://") }

// Validate checks how a model on the hub is written.
func (p *Pretrained) Validate() []schemas.Mistake {
	if !p.remote() {
		return nil
	}
	if _, err := hub.Parse(string(p.Path)); err != nil {
		return []schemas.Mistake{{Key: "path", Problem: err.Error()}}
	}
	return nil
}

// describe asks the hub about the model, or the cache if that knows.
func (p *Pretrained) describe(ctx context.Context) (*hub.Client, *hub.Listing, error) {
	named, err := hub.Parse(string(p.Path))
	if err != nil {
		return nil, nil, err
	}
	client, err := hub.New(p.offline)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	listing, err := client.Describe(ctx, named)
	return client, listing, err
}

// folder is that of a model which is on this machine.
func (p *Pretrained) folder() (fs.FS, error) {
	if stat, err := os.Stat(string(p.Path)); err != nil || !stat.IsDir() {
		return nil, fmt.Errorf("there is no model folder %s", p.Path)
	}
	return os.DirFS(string(p.Path)), nil
}

// Files are the folder's files that the model is made of. For a model on the hub they are the small ones and a listing
// with the ETags of all, which settles what the weights are before they are there.
func (p *Pretrained) Files() ([]string, error) {
	if p.remote() {
		_, listing, err := p.describe(context.Background())
		if err != nil {
			return nil, err
		}
		return listing.Paths(), nil
	}
	folder, err := p.folder()
	if err != nil {
		return nil, err
	}
	names, err := filesIn(folder)
	for i, name := range names {
		names[i] = filepath.Join(string(p.Path), name)
	}
	return names, err
}

// filesIn are the names of what a model is made of, in its folder.
func filesIn(folder fs.FS) (names []string, err error) {
	for _, pattern := range []string{"*.json", "*.safetensors", "vocab.txt", "1_Pooling/config.json", "2_Dense/config.json", "2_Dense/model.safetensors"} {
		found, err := fs.Glob(folder, pattern)
		if err != nil {
			return nil, fmt.Errorf("looking for model files: %w", err)
		}
		names = append(names, found...)
	}
	return names, nil
}

// Local is the model's folder on this machine, with the names of its files. What is not there yet is downloaded; progress hears
// how many bytes of that are there.
func (p *Pretrained) Local(ctx context.Context, progress func(done, total int64)) (string, []string, error) {
	if !p.remote() {
		folder, err := p.folder()
		if err != nil {
			return "", nil, err
		}
		names, err := filesIn(folder)
		return string(p.Path), names, err
	}
	listing, err := p.download(ctx, progress)
	if err != nil {
		return "", nil, err
	}
	var names []string
	for _, f := range listing.Files {
		names = append(names, f.Name)
	}
	return listing.Folder(), names, nil
}

func (p *Pretrained) download(ctx context.Context, progress func(done, total int64)) (*hub.Listing, error) {
	client, listing, err := p.describe(ctx)
	if err != nil {
		return nil, err
	}
	client.Progress = progress
	return listing, client.Download(ctx, listing)
}

// Inspect reads the small files.
func (p *Pretrained) Inspect() (model.Info, error) {
	if !p.remote() {
		return model.Inspect(os.DirFS(string(p.Path)))
	}
	_, listing, err := p.describe(context.Background())
	if err != nil {
		return model.Info{}, err
	}
	return model.Inspect(listing.FS())
}

// Open reads the model, downloading first what is not there yet; progress hears how many bytes of that are there.
func (p *Pretrained) Open(ctx context.Context, _ uint64, progress func(done, total int64)) (*model.Model, error) {
	if !p.remote() {
		folder, err := p.folder()
		if err != nil {
			return nil, err
		}
		return p.open(folder)
	}
	listing, err := p.download(ctx, progress)
	if err != nil {
		return nil, err
	}
	return p.open(listing.FS())
}

func (p *Pretrained) open(folder fs.FS) (*model.Model, error) {
	m, err := model.Open(mapped.FS(folder))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Path, err)
	}
	return m, nil
}
