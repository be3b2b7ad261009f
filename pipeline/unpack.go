package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/ferry-clir/ferry/pipeline/strict"
	"github.com/ferry-clir/ferry/schemas"
)

// openHere opens the pipeline of a task whose files this machine sees.
func (e *Executor) openHere(ctx context.Context, l TaskLine) (*Run, pack, error) {
	p, err := Load(l.Pipeline, l.Set, l.lookup)
	if err != nil {
		return nil, pack{}, err
	}
	p.Offline = true
	if err := p.Check(ctx); err != nil {
		return nil, pack{}, err
	}
	p.Offline = false // but for the store
	r := p.newRun(e.options)
	r.store.mirror, err = p.openMirror(ctx, r.store, true, func(warning string) { e.options.Reporter.Warned("store", warning) })
	return r, pack{}, err
}

// unpack opens the pipeline of a task that this machine has no files of.
func (e *Executor) unpack(ctx context.Context, l TaskLine) (*Run, pack, error) {
	d := e.depot
	m := newMirror(d.objects, store{}, true, func(warning string) { e.options.Reporter.Warned("store", warning) })
	m.depot = d
	p, k, err := d.unpack(ctx, m, l)
	if err != nil {
		return nil, pack{}, err
	}
	r := p.newRun(e.options)
	m.cache, r.store.mirror = r.store, m
	return r, k, nil
}

// unpack returns the pipeline of a task, checked as far as the task needs it, with the files that its steps read: all from the
// store, into the work folder of this process.
func (d *depot) unpack(ctx context.Context, m *mirror, l TaskLine) (p *Pipeline, k pack, err error) {
	data, err := m.objects.Read(ctx, filesFolder+l.Pack)
	if err != nil {
		return nil, k, err
	}
	if fmt.Sprintf("%x", sha256.Sum256(data)) != l.Pack {
		return nil, k, m.spoil(filesFolder+l.Pack, notAsPut+"; "+m.discard(ctx, filesFolder+l.Pack))
	}
	if err := json.Unmarshal(data, &k); err != nil {
		return nil, k, fmt.Errorf("reading what belongs to the task: %w", err)
	}
	sets := append(slices.Clone(l.Set), "work="+d.work) // and not where it is on the machine that planned
	p, err = parse(filepath.Join(d.work, k.Name), []byte(k.Text), sets, l.lookup)
	if err != nil {
		return nil, k, err
	}
	p.Offline, p.unpacked = true, map[string]inputFile{}
	found := &strict.Found{File: k.Name}
	if p.connect(found); len(found.List) > 0 {
		return nil, k, found.Err()
	}
	p.Steps = p.order(found)
	read := map[*Step]bool{} // its files
	for _, s := range p.Steps {
		if read[s] = slices.Contains(l.Steps, s.Where()); !read[s] {
			continue
		}
		for _, e := range s.edges {
			read[e.step] = read[e.step] || e.step.Section == "models"
		}
	}
	for _, s := range p.Steps {
		if read[s] {
			if err := d.place(ctx, m, p, s, k.Files[s.Where()]); err != nil {
				return nil, k, err
			}
			s.validate(found, true)
		}
		if err := k.infer(s, found); err != nil {
			return nil, k, err
		}
	}
	return p, k, found.Err()
}

// place gets the files of a step.
func (d *depot) place(ctx context.Context, m *mirror, p *Pipeline, s *Step, files []packedFile) (err error) {
	s.eachPath(func(key string, v reflect.Value) {
		for _, f := range files {
			if f.Path != key || err != nil {
				continue
			}
			path := filepath.Join(d.work, "files", s.Where(), key, f.Base)
			file := filepath.Join(path, filepath.FromSlash(f.Name))
			if !filepath.IsLocal(f.Name) && f.Name != "" {
				err = fmt.Errorf("%s has a file named %q, which would lie elsewhere", s.Where(), f.Name)
				return
			}
			err = d.get(ctx, file, f.Sum, func() error { return m.get(ctx, file, filesFolder+f.SHA256, f.Sum) })
			p.unpacked[file] = f.Key
			defer v.SetString(path)
		}
	})
	return err
}

// infer works out what a step offers without its files.
func (k *pack) infer(s *Step, found *strict.Found) error {
	switch s.Section {
	case "sources":
		for _, t := range k.Tables[s.Where()] {
			schema, err := schemaOf(t.Schema)
			if err != nil {
				return fmt.Errorf("reading what belongs to the task: %w", err)
			}
			s.tables = append(s.tables, schemas.TableType{Name: t.Name, Schema: schema})
		}
	case "models":
		if known, ok := k.Models[s.Where()]; ok {
			s.model = &known.Info
		}
	default:
		s.infer(found)
	}
	return nil
}
