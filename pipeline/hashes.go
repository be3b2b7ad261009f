package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ferry-clir/ferry/pipeline/host"
)

// hashes remembers the content hash of files as long as nothing about them changes.
type hashes struct {
	file  string
	mutex sync.Mutex
	known map[string]hashed
}

type hashed struct {
	Size     int64
	Modified int64  // in nanoseconds
	Inode    uint64 // see host.Links
	Changed  int64  // see host.LastChange
	SHA256   string
}

// stateOf is what is known of a file without reading it.
func stateOf(file string) (hashed, os.FileInfo, error) {
	stat, err := os.Stat(file)
	if err != nil {
		return hashed{}, nil, err
	}
	now := hashed{Size: stat.Size(), Modified: stat.ModTime().UnixNano(), Changed: host.LastChange(file)}
	now.Inode, _ = host.Links(stat)
	return now, stat, nil
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
	now, stat, err := stateOf(file)
	if err != nil {
		return "", fmt.Errorf("reading input: %w", err)
	}
	if stat.IsDir() {
		return "", fmt.Errorf("reading input %s: it is a folder; name what is read of it, as in %s", file, filepath.Join(file, "*"))
	}
	h.mutex.Lock()
	known, ok := h.known[file]
	h.mutex.Unlock()
	if now.SHA256 = known.SHA256; ok && now == known {
		return known.SHA256, nil
	}
	read, err := readContent(ctx, file, nil)
	if err != nil {
		return "", fmt.Errorf("reading input: %w", err)
	}
	now.SHA256 = read.SHA256
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
	now, _, err := stateOf(file)
	now.Changed, now.SHA256 = known.Changed, known.SHA256 // rights to it and other names for it make no difference
	return err != nil || ok && now != known
}

// save writes down what is known. Files that changed in the last two seconds are left out: they could change again
// within the clock's resolution.
func (h *hashes) save() error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	settled := maps.Clone(h.known)
	maps.DeleteFunc(settled, func(_ string, known hashed) bool {
		return time.Since(time.Unix(0, max(known.Modified, known.Changed))) < 2*time.Second
	})
	return writeJSON(h.file, settled)
}
