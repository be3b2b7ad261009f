package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const whileMark = "while-"

// wantTasks makes what tasks look for as long as they are wanted; release removes it. That is a file or, with a store, a folder
// there, which the file names for the next run, should this one be killed.
func (r *Run) wantTasks(ctx context.Context) (while string, release func(), err error) {
	fail := func(err error) (string, func(), error) {
		return "", nil, fmt.Errorf("writing down that tasks are wanted: %w", err)
	}
	if err := os.MkdirAll(sharesFolder(r.pipeline.Work), 0o777); err != nil {
		return fail(err)
	}
	f, err := os.CreateTemp(sharesFolder(r.pipeline.Work), whileMark)
	if err != nil {
		return fail(err)
	}
	defer f.Close()
	m := r.store.mirror
	if m == nil {
		return f.Name(), func() { os.Remove(f.Name()); os.Remove(f.Name() + progressName) }, nil
	}
	folder := fmt.Sprintf("tasks/%s/%016x/", r.pipeline.Name, rand.Uint64())
	if _, err := f.WriteString(folder); err != nil {
		return fail(err)
	}
	if err := m.putJSON(ctx, folder+wantedName, r.remote.plan.common.Pack); err != nil {
		return fail(err)
	}
	return folder, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if m.forget(ctx, folder) == nil { // else the next run does
			os.Remove(f.Name())
		}
	}, nil
}

// giveUp ends the tasks of an earlier run that was killed.
func (r *Run) giveUp(ctx context.Context) error {
	left, err := filepath.Glob(filepath.Join(sharesFolder(r.pipeline.Work), whileMark+"*"))
	for _, file := range left {
		folder, read := os.ReadFile(file)
		if read == nil && len(folder) > 0 && r.store.mirror != nil && !strings.HasSuffix(file, progressName) {
			read = r.store.mirror.forget(ctx, string(folder))
		}
		err = errors.Join(err, read, os.Remove(file))
	}
	return err
}

// shareAll does so for all that is to be made, and fills in what lines of tasks say of the store.
func (r *Run) shareAll(ctx context.Context, line *TaskLine) (err error) {
	for _, u := range r.units {
		if u.needed && u.step.Section == "stages" {
			if line.Pack == "" {
				if line.Store, line.Pack, err = r.packed(ctx); err != nil {
					return err
				}
			}
			if err := r.shareInputs(ctx, u); err != nil {
				return err
			}
		}
	}
	return nil
}

// shareInputs puts what a unit reads into the store, unless that is there.
func (r *Run) shareInputs(ctx context.Context, u *unit) error {
	for _, in := range u.inputs {
		from := in.unit.maker()
		if from.step.Section == "models" || from.stored || !from.isMade() || r.store.mirror.has(r.store.mirror.noteName(from.key, done), 0) {
			continue
		}
		if err := r.store.mirror.catchUp(ctx, from); err != nil {
			return fmt.Errorf("%s: %w", from.name(), err)
		}
	}
	return nil
}
