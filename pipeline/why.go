package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

func (id identity) same(other identity) bool {
	a, errA := json.Marshal(id)
	b, errB := json.Marshal(other)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// hidden is the unit's identity with hashes in place of texts: they may be secrets.
func (u *unit) hidden() identity {
	id := u.identity
	var config map[string]any
	if json.Unmarshal(id.Config, &config) == nil {
		id.Config, _ = json.Marshal(hide(config))
	}
	return id
}

const hiddenMark = "sha256:"

func hide(value any) any {
	switch v := value.(type) {
	case string:
		return fmt.Sprintf("%s%x", hiddenMark, sha256.Sum256([]byte(v)))
	case []any:
		for i := range v {
			v[i] = hide(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = hide(v[key])
		}
	}
	return value
}

const notMade = "was not made before"

// why says what is other than when the unit was made last, and whether it failed since, or the run will fail for it. All changes are
// of the unit's own but those of inputs.
func (u *unit) why(known map[string]madeStep) (reasons []string) {
	old := known[u.name()]
	switch {
	case old.Result != "":
		reasons = old.changes(u.hidden(), func(i int) string { return u.inputs[i].unit.name() })
		if len(reasons) == 0 && u.needed {
			reasons = []string{"what it made is gone or was changed"}
		}
	case len(known) > 0:
		reasons = []string{notMade}
	}
	if u.refused != nil {
		reasons = append(reasons, "the run will fail: "+u.refused.Error())
	}
	if old.Failed != "" && u.needed {
		reasons = append(reasons, "failed last time: "+old.Failed)
	}
	return reasons
}

// changes lists what is other in an identity that came after this one; input names those that it reads.
func (id identity) changes(now identity, input func(i int) string) []string {
	reasons := changedKeys(id.Config, now.Config)
	add := func(changed bool, format string, args ...any) {
		if changed {
			reasons = append(reasons, fmt.Sprintf(format, args...))
		}
	}
	add(id.Kind != now.Kind, "kind %s -> %s", filepath.Base(id.Kind), filepath.Base(now.Kind))
	add(id.Kind == now.Kind && id.Version != now.Version, "this ferry makes it otherwise")
	add(id.Seed != now.Seed, "seed %d -> %d", id.Seed, now.Seed)
	add(id.ISA != now.ISA, "instruction set %s -> %s", id.ISA, now.ISA)
	reasons = append(reasons, changedFiles(id.Files, now.Files)...)
	return append(reasons, changedInputs(id.Inputs, now.Inputs, input)...)
}

// changedInputs lists the inputs that took the place of others under the same key, those that came, and the keys of those that went.
func changedInputs(old, now []inputKey, input func(i int) string) (changes []string) {
	var other []int
	old = slices.Clone(old)
	take := func(like func(was inputKey) bool) bool {
		at := slices.IndexFunc(old, like)
		if at >= 0 {
			old = slices.Delete(old, at, at+1)
		}
		return at >= 0
	}
	for i, in := range now {
		if !take(func(was inputKey) bool { return was.Key == in.Key && was.Table == in.Table && was.From == in.From }) {
			other = append(other, i)
		}
	}
	var come, gone []string
	for _, i := range other {
		if take(func(was inputKey) bool { return was.Key == now[i].Key }) {
			changes = append(changes, input(i)+" is another")
		} else {
			come = append(come, input(i))
		}
	}
	for _, was := range old {
		gone = append(gone, was.Key)
	}
	if len(come) > 0 {
		changes = append(changes, "also reads "+strings.Join(come, ", ")+" now")
	}
	if len(gone) > 0 {
		changes = append(changes, "inputs that are gone: "+strings.Join(gone, ", "))
	}
	return changes
}

// changedKeys lists the keys of two configurations that differ, with their values where those hide nothing.
func changedKeys(old, now json.RawMessage) (changes []string) {
	var was, is map[string]any
	if json.Unmarshal(old, &was) != nil || json.Unmarshal(now, &is) != nil {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(is)) {
		a, _ := json.Marshal(was[key])
		b, _ := json.Marshal(is[key])
		switch {
		case bytes.Equal(a, b):
		case strings.Contains(string(a)+string(b), hiddenMark) || len(a)+len(b) > 60:
			changes = append(changes, key+" changed")
		default:
			changes = append(changes, fmt.Sprintf("%s %s -> %s", key, a, b))
		}
	}
	return changes
}

func changedFiles(old, now []inputFile) (changes []string) {
	was := map[string]inputFile{}
	for _, f := range old {
		was[f.Name] = f
	}
	for _, f := range now {
		before, ok := was[f.Name]
		switch {
		case !ok:
			changes = append(changes, "file "+f.Name+" is new")
		case before.SHA256 != f.SHA256:
			changes = append(changes, "file "+f.Name+" changed")
		case before.Mended != f.Mended:
			changes = append(changes, "rows of "+f.Name+" were mended")
		}
		delete(was, f.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		changes = append(changes, "file "+name+" is gone")
	}
	if len(changes) > 3 {
		changes = append(changes[:3], fmt.Sprintf("%d more files", len(changes)-3))
	}
	return changes
}

// ErrNoStep says that a plan has no step of a name.
var ErrNoStep = errors.New("there is no such step")

// Why writes for what reasons a step would run, such as stages.hits, and below them those of the steps that it reads.
func (p Plan) Why(w io.Writer, step string) error {
	found := false
	for _, u := range p.units {
		if u.name() == step || u.entryName() == step || u.step.Where() == step {
			found = true
			if err := p.writeWhy(w, u, ""); err != nil {
				return err
			}
		}
	}
	if !found {
		return fmt.Errorf("%s: %w; `ferry plan` shows all", step, ErrNoStep)
	}
	return nil
}

func (p Plan) writeWhy(w io.Writer, u *unit, indent string) error {
	all := u.why(p.known)
	if len(p.known) == 0 && u.needed {
		all = append([]string{notMade}, all...)
	}
	reasons := strings.Join(all, "; ")
	status := u.status()
	if status == "" && reasons == "" {
		return nil
	}
	if status != "" && reasons != "" {
		status += ", "
	}
	if _, err := fmt.Fprintf(w, "%s%s: %s%s\n", indent, u.name(), status, reasons); err != nil {
		return err
	}
	for _, in := range u.inputs {
		if in.unit.present && len(in.unit.why(p.known)) == 0 {
			continue
		}
		if err := p.writeWhy(w, in.unit, indent+"  "); err != nil {
			return err
		}
	}
	return nil
}
