package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"strings"
)

// Where there is a store, what relatives have computed is found there, by whoever computes a shard of a table that has grown: on another
// machine, with another work folder, or for an engine.

// A kin says in a store where a task is that computed a shard of some rows, which the object's name has the hash of.
type kin struct {
	Folder key `json:"folder"`
	Task   int `json:"task"`
}

func kinFolder(family string) string {
	return "families/" + strings.TrimPrefix(family, familyMark) + "/"
}

func kinName(family, hash string) string { return kinFolder(family) + hash + ".json" }

// kin are the hashes of shards that tasks of a family have computed.
func (m *mirror) kin(ctx context.Context, family string) (map[string]bool, error) {
	if m.off() {
		return nil, nil
	}
	found, err := m.objects.List(ctx, kinFolder(family))
	if errors.Is(err, fs.ErrPermission) {
		err = nil
	}
	hashes := map[string]bool{}
	for _, o := range found {
		hashes[strings.TrimSuffix(path.Base(o.Name), ".json")] = true
	}
	return hashes, m.without(ctx, err)
}

// relative looks for a task in the store that computed a shard of those rows.
func (m *mirror) relative(ctx context.Context, c *cutting, hash string) (relativeTask, bool, error) {
	if m.off() || c.kin != nil && !c.kin[hash] {
		return relativeTask{}, false, nil
	}
	var found kin
	data, err := m.objects.Read(ctx, kinName(c.family, hash))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return relativeTask{}, false, nil
	}
	if err != nil {
		return relativeTask{}, false, m.without(ctx, err)
	}
	if json.Unmarshal(data, &found) != nil || !keyName.MatchString(string(found.Folder)) || found.Folder == c.unit.key {
		return relativeTask{}, false, nil
	}
	n, ok, err := m.finished(ctx, found.Folder, taskName(found.Task))
	return relativeTask{found.Folder, n}, ok && n.Input == hash, err
}

// tellKin says in the store where what was computed of a shard can be found, for those that compute it for a table that has grown.
func (m *mirror) tellKin(ctx context.Context, c *cutting, hash string, number int) error {
	if m.off() || m.has(kinName(c.family, hash), 0) {
		return nil
	}
	err := m.putJSON(ctx, kinName(c.family, hash), kin{c.unit.key, number})
	if errors.Is(err, errNotPut) {
		return nil
	}
	return m.without(ctx, err)
}
