package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ferry-clir/ferry/model/kernel"
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
func (p *Pipeline) identity(ctx context.Context, s *Step, table string, keys func(*edge) key, hashes *hashes) (identity, error) {
	id := identity{Kind: s.Section + "/" + s.kind.name, Version: s.kind.version, Config: s.config, Table: table}
	if c, ok := s.component.(interface{ Files() ([]string, error) }); ok && s.Section != "sinks" {
		files, err := c.Files()
		if err != nil {
			return id, fmt.Errorf("%s: %w", s.Where(), err)
		}
		for _, file := range files {
			sum, err := hashes.sum(ctx, file)
			if errors.Is(err, fs.ErrNotExist) && len(s.missing()) > 0 { // only planned yet
				sum, err = "to be downloaded", nil
			}
			if err != nil {
				return id, fmt.Errorf("%s: %w", s.Where(), err)
			}
			id.Files = append(id.Files, inputFile{filepath.ToSlash(p.shown(file)), sum, p.mends.of(p.shown(file), sum).digest()})
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

// hashes remembers the content hash of files as long as size and time of change stay the same.
type hashes struct {
	file  string
	mutex sync.Mutex
	known map[string]hashed
}

type hashed struct {
	Size     int64
	Modified time.Time
	SHA256   string
}

// openHashes reads what an earlier run remembered; a missing or damaged file is an empty one.
func openHashes(work string) *hashes {
	h := &hashes{file: filepath.Join(work, "hashes.json"), known: map[string]hashed{}}
	if data, err := os.ReadFile(h.file); err == nil && json.Unmarshal(data, &h.known) != nil {
		h.known = map[string]hashed{}
	}
	return h
}

// sum returns the SHA-256 of a file's content in hexadecimal.
func (h *hashes) sum(ctx context.Context, file string) (string, error) {
	stat, err := os.Stat(file)
	if err != nil {
		return "", fmt.Errorf("reading input: %w", err)
	}
	if stat.IsDir() {
		return "", fmt.Errorf("reading input %s: it is a folder; name what is read of it, as in %s", file, filepath.Join(file, "*"))
	}
	h.mutex.Lock()
	known, ok := h.known[file]
	h.mutex.Unlock()
	if ok && known.Size == stat.Size() && known.Modified.Equal(stat.ModTime()) {
		return known.SHA256, nil
	}
	read, err := readContent(ctx, file, nil)
	if err != nil {
		return "", fmt.Errorf("reading input: %w", err)
	}
	now := hashed{stat.Size(), stat.ModTime(), read.SHA256}
	h.mutex.Lock()
	h.known[file] = now
	h.mutex.Unlock()
	return now.SHA256, nil
}

// last is what sum returned last for a file, whatever has become of it since; empty if it was not called.
func (h *hashes) last(file string) string {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.known[file].SHA256
}

// changed tells whether a file is another one than it was when its hash was taken.
func (h *hashes) changed(file string) bool {
	h.mutex.Lock()
	known, ok := h.known[file]
	h.mutex.Unlock()
	stat, err := os.Stat(file)
	return err != nil || ok && (known.Size != stat.Size() || !known.Modified.Equal(stat.ModTime()))
}

// save writes down what is known. Files that changed in the last two seconds are left out: they could change again
// within the clock's resolution.
func (h *hashes) save() error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	settled := maps.Clone(h.known)
	maps.DeleteFunc(settled, func(_ string, known hashed) bool { return time.Since(known.Modified) < 2*time.Second })
	return writeJSON(h.file, settled)
}

// readContent hashes a file, and tells how many bytes it has read since it told last; tell may be nil.
func readContent(ctx context.Context, file string, tell func(bytes int)) (content, error) {
	f, err := os.Open(file)
	if err != nil {
		return content{}, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.CopyBuffer(sum, &untilDone{ctx, f, tell}, make([]byte, 1<<20))
	if err != nil {
		return content{}, fmt.Errorf("%s: %w", file, err)
	}
	return content{n, hex.EncodeToString(sum.Sum(nil))}, nil
}

// untilDone reads until the context is cancelled.
type untilDone struct {
	ctx  context.Context
	r    io.Reader
	tell func(bytes int)
}

func (u *untilDone) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := u.r.Read(b)
	if u.tell != nil {
		u.tell(n)
	}
	return n, err
}
