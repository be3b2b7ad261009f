package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/pipeline/tables"
	"github.com/ferry-clir/ferry/sinks"
)

// A row-wise step whose input has changed computes the shards that are new. Those of the same rows were computed under another
// key, in the folder of a relative: a step that differs in nothing but where the rows came from.

// A relativeTask is what a relative has computed of a shard.
type relativeTask struct {
	folder key
	note   note
}

// familyMark is a file in a step's folder that its relatives have too.
const familyMark = "family-"

// family is the name of that file: the key without the input that is cut into shards.
func (u *unit) family(in input) (string, error) {
	id := u.identity
	id.Inputs = nil
	for i, other := range u.identity.Inputs {
		if u.inputs[i].edge == in.edge {
			other.From, other.Table = "", ""
		}
		id.Inputs = append(id.Inputs, other)
	}
	k, err := id.key()
	return familyMark + string(k), err
}

// relatives lists what the unit's relatives have computed, by the hash of the shard, and makes the unit one of them.
func (s store) relatives(u *unit, family string) (map[string]relativeTask, error) {
	cache := os.DirFS(s.root) // whose path may have characters that mean something in a pattern
	marks, err := fs.Glob(cache, "*/"+family)
	if err != nil {
		return nil, err
	}
	tasks := map[string]relativeTask{}
	for _, mark := range marks {
		folder := key(path.Dir(mark))
		if folder == u.key {
			continue
		}
		notes, err := fs.Glob(cache, string(folder)+"/task-*.json")
		if err != nil {
			return nil, err
		}
		for _, file := range notes {
			n, ok, err := s.read(folder, strings.TrimSuffix(path.Base(file), ".json"))
			if err == nil && ok && n.Input != "" { // else it is computed again
				tasks[n.Input] = relativeTask{folder, n}
			}
		}
	}
	if err := os.MkdirAll(s.folder(u.key), 0o777); err != nil {
		return nil, err
	}
	return tasks, os.WriteFile(filepath.Join(s.folder(u.key), family), nil, 0o666)
}

// hashRows is the hash of a shard's rows, however they were emitted.
func (t *table) hashRows(ctx context.Context, s tables.Shard) (string, error) {
	sum := sha256.New()
	w := ipc.NewWriter(sum, ipc.WithSchema(t.schema), ipc.WithAllocator(t.store.allocator))
	var failed error
	t.read(ctx, s, func(batch arrow.RecordBatch, err error) bool {
		if failed = err; err == nil {
			failed = w.Write(batch)
		}
		return failed == nil
	})
	if err := w.Close(); failed == nil {
		failed = err
	}
	return hex.EncodeToString(sum.Sum(nil)), failed
}

// adopt takes over what a relative has computed of a shard of the same rows, here or in the store; false if there is none, or its files
// are gone.
func (r *Run) adopt(ctx context.Context, c *cutting, s tables.Shard, hash string) (note, bool, error) {
	from, ok := c.relatives[hash]
	take := func(old, file string, _ content.Sum) error { return copyFile(old, file) }
	if !ok || !r.store.complete(from.folder, from.note, false) {
		m := r.store.mirror
		var err error
		if from, ok, err = m.relative(ctx, c, hash); err != nil || !ok {
			return note{}, false, err
		}
		take = func(old, file string, has content.Sum) error { return m.get(ctx, file, m.object(old, has), has) }
	}
	n := note{Shards: map[string][]tables.Shard{}, Counts: from.note.Counts, Input: hash, CPU: from.note.CPU, Lineage: from.note.Lineage}
	n.Counts.In = map[string]int64{c.in.ref: s.Rows}
	for table, shards := range from.note.Shards {
		for _, old := range shards {
			err := take(r.store.shard(from.folder, table, old.Number), r.store.shard(c.unit.key, table, s.Number), old.Sum)
			if errors.Is(err, errSpoiled) {
				return note{}, false, nil
			}
			if err != nil {
				return note{}, false, fmt.Errorf("taking over a shard: %w", err)
			}
			old.Number = s.Number
			n.Shards[table] = append(n.Shards[table], old)
		}
	}
	return n, true, nil
}

// copyFile gives a file another name too or, where the file system has one name for each, copies it.
func copyFile(from, to string) error {
	if err := os.Remove(to); err != nil && !os.IsNotExist(err) {
		return err
	}
	if os.Link(from, to) == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := sinks.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return out.Publish(err)
}
