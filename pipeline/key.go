package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/ferry-clir/ferry/model/kernel"
	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/sources/download"
)

// A key names a step's result by everything that it depends on: the same key, the same bytes.
type key string

// identity is what a key is the hash of.
type identity struct {
	Kind    string
	Version int
	Config  json.RawMessage
	Table   string      `json:",omitempty"` // sources: each table is a result of its own
	Files   []inputFile `json:",omitempty"`
	Inputs  []inputKey  `json:",omitempty"`
	Seed    uint64      `json:",omitempty"`
	ISA     string      `json:",omitempty"` // sums round differently on other instruction sets
}

// The name counts, since languages may be told by it.
type inputFile struct {
	Name, SHA256 string
	Mended       string `json:",omitempty"` // digest of its mended rows
}

type inputKey struct {
	Key   string // of the step's configuration
	From  key
	Table string
	Name  string `json:",omitempty"` // as referred to, where it reaches the rows
}

// key is the hash of an identity, after the name of the kind.
func (id identity) key() (key, error) {
	data, err := json.Marshal(id)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	_, name, _ := strings.Cut(id.Kind, "/")
	return key(name + "-" + hex.EncodeToString(sum[:12])), nil
}

// identity returns what a step's result depends on, for a source that of one table. keys holds those of the steps it reads.
func (p *Pipeline) identity(ctx context.Context, s *Step, table string, keys func(*edge) key, hashes *content.Known) (identity, error) {
	id := identity{Kind: s.Section + "/" + s.kind.name, Version: s.kind.version, Config: s.config, Table: table}
	if c, ok := s.component.(interface{ Files() ([]string, error) }); ok && s.Section != "sinks" {
		files, err := c.Files()
		if err != nil {
			return id, fmt.Errorf("%s: %w", s.Where(), err)
		}
		for _, file := range files {
			if known, ok := p.unpacked[file]; ok {
				id.Files = append(id.Files, known)
				continue
			}
			sum, err := hashes.Sum(ctx, file)
			if errors.Is(err, fs.ErrNotExist) && len(s.missing()) > 0 { // only planned yet
				sum, err = "to be downloaded", nil
			}
			if err == nil {
				err = p.mends.follow(ctx, file, p.shown(file), sum)
			}
			if err != nil {
				return id, fmt.Errorf("%s: %w", s.Where(), err)
			}
			id.Files = append(id.Files, inputFile{p.keyName(s, file), sum, p.mends.of(p.shown(file), sum).digest()})
		}
	}
	names := s.kind.depends.onNames()
	for _, e := range s.edges {
		in := inputKey{Key: e.key, From: keys(e), Table: e.table}
		if names {
			in.Name = e.ref
		}
		id.Inputs = append(id.Inputs, in)
	}
	if s.kind.depends.onSeed() {
		id.Seed = s.seedOr(p.Seed)
	}
	if s.Section == "stages" {
		id.ISA = kernel.ISA()
	}
	return id, nil
}

// keyName is what keys call a file: the same for all who write the same into a pipeline file, wherever their folders lie.
func (p *Pipeline) keyName(s *Step, file string) string {
	if below(file, sampleFolder(p.Work)) {
		return p.named(file)
	}
	if cache, err := download.Cache(); err == nil && below(file, cache) {
		return "cache:" + filepath.ToSlash(strings.TrimPrefix(file, cache))
	}
	if s.rooted {
		return filepath.ToSlash(file)
	}
	return filepath.ToSlash(p.shown(file))
}
