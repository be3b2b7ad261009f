package sources

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/model/tokenizer"
	"github.com/ferry-clir/ferry/schemas"
)

// OpenTokenizer reads the tokenizer of a model, without its weights. Path is a tokenizer.json, a folder that has one, or
// hf://owner/name@revision, of which no more is downloaded than that; offline, it must be in the cache. The longest input is what the model's other files say, 0 if there are none.
func OpenTokenizer(ctx context.Context, path string, offline bool) (t *tokenizer.Tokenizer, maxTokens int, err error) {
	folder, name := os.DirFS(path), "tokenizer.json"
	switch stat, failed := os.Stat(path); {
	case strings.Contains(path, "://"):
		p := &Pretrained{Path: schemas.Path(path), offline: offline}
		client, listing, err := p.describe(ctx)
		if err == nil {
			err = client.Download(ctx, listing, name)
		}
		if err != nil {
			return nil, 0, err
		}
		folder = listing.FS()
	case failed != nil:
		return nil, 0, fmt.Errorf("opening tokenizer: %w", failed)
	case !stat.IsDir():
		folder, name = os.DirFS(filepath.Dir(path)), filepath.Base(path)
	}
	data, err := model.ReadSmall(folder, name)
	if err != nil {
		return nil, 0, fmt.Errorf("opening tokenizer: %w", err)
	}
	if t, err = tokenizer.Parse(data); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	if info, err := model.Inspect(folder); err == nil && name == "tokenizer.json" {
		maxTokens = info.MaxTokens // else it is a file alone, or a model that ferry does not run, whose tokenizer is as good
	}
	return t, maxTokens, nil
}
