package stages

import (
	"fmt"
	"os"

	"github.com/ferry-clir/ferry/model/fasttext"
	"github.com/ferry-clir/ferry/model/text"
)

// Files is the classifier, if there is one.
func (c *Clean) Files() ([]string, error) {
	if c.LanguageModel == "" {
		return nil, nil
	}
	file := string(c.LanguageModel)
	if stat, err := os.Stat(file); err != nil || stat.IsDir() {
		return nil, fmt.Errorf("%s is no file", file)
	}
	return []string{file}, nil
}

// open reads the classifier, once for all shards; nil if there is none.
func (c *Clean) open() (*text.Languages, error) {
	c.once.Do(func() {
		if c.LanguageModel != "" {
			c.languages, c.err = readLanguages(string(c.LanguageModel))
		}
	})
	return c.languages, c.err
}

func readLanguages(file string) (*text.Languages, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, err
	}
	m, err := fasttext.Read(f, stat.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return text.NewLanguages(m), nil
}
