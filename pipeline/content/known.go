package content

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
	"github.com/ferry-clir/ferry/sinks"
)

// Known remembers the hashes of files as long as nothing about them changes.
type Known struct {
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

// OpenKnown reads what an earlier run of that work folder remembered; a missing or damaged file is an empty one.
func OpenKnown(work string) *Known {
	k := &Known{file: filepath.Join(work, "hashes.json"), known: map[string]hashed{}}
	if data, err := os.ReadFile(k.file); err == nil && json.Unmarshal(data, &k.known) != nil {
		k.known = map[string]hashed{}
	}
	return k
}

// Sum returns the SHA-256 of a file's content in hexadecimal.
func (k *Known) Sum(ctx context.Context, file string) (string, error) {
	now, stat, err := stateOf(file)
	if err != nil {
		return "", fmt.Errorf("reading input: %w", err)
	}
	if stat.IsDir() {
		return "", fmt.Errorf("reading input %s: it is a folder; name what is read of it, as in %s", file, filepath.Join(file, "*"))
	}
	k.mutex.Lock()
	known, ok := k.known[file]
	k.mutex.Unlock()
	if now.SHA256 = known.SHA256; ok && now == known {
		return known.SHA256, nil
	}
	read, err := Read(ctx, file, nil)
	if err != nil {
		return "", fmt.Errorf("reading input: %w", err)
	}
	now.SHA256 = read.SHA256
	k.mutex.Lock()
	k.known[file] = now
	k.mutex.Unlock()
	return now.SHA256, nil
}

// Last is what Sum returned last for a file, whatever has become of it since; empty if it was not called.
func (k *Known) Last(file string) string {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	return k.known[file].SHA256
}

// Changed tells whether a file is another one than it was when its hash was taken.
func (k *Known) Changed(file string) bool {
	k.mutex.Lock()
	known, ok := k.known[file]
	k.mutex.Unlock()
	now, _, err := stateOf(file)
	now.Changed, now.SHA256 = known.Changed, known.SHA256 // rights to it and other names for it make no difference
	return err != nil || ok && now != known
}

// Save writes down what is known. Files that changed in the last two seconds are left out: they could change again
// within the clock's resolution.
func (k *Known) Save() error {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	settled := maps.Clone(k.known)
	maps.DeleteFunc(settled, func(_ string, known hashed) bool {
		return time.Since(time.Unix(0, max(known.Modified, known.Changed))) < 2*time.Second
	})
	f, err := sinks.Create(k.file)
	if err != nil {
		return err
	}
	return f.Publish(json.NewEncoder(f).Encode(settled))
}
