package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"go.yaml.in/yaml/v3"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/pipeline/content"
)

// A pack is what a machine that has none of a pipeline's files needs to do its tasks, beside the results that these read. It lies
// in the store, as do the files that it names, by the hash of its content.
type pack struct {
	Name   string                   // of the pipeline file
	Text   string                   // of it, without secrets
	Tables map[string][]packedTable // that sources offer, by step
	Models map[string]packedModel   // by step
	Files  map[string][]packedFile  // that steps read, by step
}

// A packedTable is one of a source, with the schema as Arrow writes it.
type packedTable struct {
	Name   string
	Schema []byte
}

// A packedModel is what is known of a model without its files.
type packedModel struct {
	Key  key
	Info model.Info
}

// A packedFile is one of a path among a step's keys.
type packedFile struct {
	Path string // the key
	Name string // below the path; empty if that is the file itself
	Base string // last part of the path
	Key  inputFile
	content.Sum
}

const filesFolder = "files/"

// packed are the address of the store and the hash of the pack, which is put there with all files that it names.
func (r *Run) packed(ctx context.Context) (address, hash string, err error) {
	p := r.pipeline
	if address = p.storeText; p.secrets.Redact(address) != address {
		return "", "", fmt.Errorf("the address of the store has a secret in it, which tasks for other machines must not hold")
	}
	text, err := p.textOfTasks()
	if err != nil {
		return "", "", err
	}
	k := pack{filepath.Base(p.File), text, map[string][]packedTable{}, map[string]packedModel{}, map[string][]packedFile{}}
	for _, u := range r.units {
		if u.step.Section == "models" {
			k.Models[u.step.Where()] = packedModel{u.key, *u.step.model}
		}
	}
	for _, s := range p.Steps {
		if s.Section == "sources" {
			for _, t := range s.tables {
				schema, err := schemaBytes(t.Schema)
				if err != nil {
					return "", "", err
				}
				k.Tables[s.Where()] = append(k.Tables[s.Where()], packedTable{t.Name, schema})
			}
		} else if r.isRead(s) {
			if k.Files[s.Where()], err = r.packFiles(ctx, s); err != nil {
				return "", "", fmt.Errorf("giving other machines what %s reads: %w", s.Where(), err)
			}
		}
	}
	data, err := json.Marshal(k)
	if err != nil {
		return "", "", err
	}
	c, err := r.store.mirror.putContent(ctx, bytes.NewReader(data), content.Sum{Bytes: int64(len(data)), SHA256: fmt.Sprintf("%x", sha256.Sum256(data))})
	return address, c.SHA256, err
}

// textOfTasks is the pipeline file without secrets, and without its schedule, which has addresses that are.
func (p *Pipeline) textOfTasks() (string, error) {
	text := p.text
	if p.Schedule != nil {
		var root yaml.Node
		if err := yaml.Unmarshal(text, &root); err != nil {
			return "", err
		}
		top := root.Content[0]
		for i := 0; i+1 < len(top.Content); i += 2 {
			if top.Content[i].Value == "schedule" {
				top.Content = slices.Delete(top.Content, i, i+2)
				break
			}
		}
		var err error
		if text, err = yaml.Marshal(&root); err != nil {
			return "", err
		}
	}
	return p.secrets.Redact(string(text)), nil
}

// isRead tells whether other machines read files of a step: a stage that is to be made, or a model that one reads.
func (r *Run) isRead(s *Step) bool {
	for _, u := range r.units {
		if !u.needed || u.step.Section != "stages" {
			continue
		}
		if u.step == s {
			return true
		}
		for _, e := range u.step.edges {
			if e.step == s && s.Section == "models" {
				return true
			}
		}
	}
	return false
}

// A local model has files on this machine, once it is downloaded.
type local interface {
	Local(ctx context.Context, progress func(done, total int64)) (folder string, names []string, err error)
}

// packFiles puts the files of a step into the store.
func (r *Run) packFiles(ctx context.Context, s *Step) (packed []packedFile, err error) {
	add := func(key, path, name string) {
		if err != nil {
			return
		}
		one := packedFile{Path: key, Name: name, Base: filepath.Base(path)}
		file := filepath.Join(path, filepath.FromSlash(name))
		if one.Sum, err = r.putFile(ctx, file); err == nil {
			one.Key = inputFile{Name: r.pipeline.keyName(s, file), SHA256: one.SHA256}
			packed = append(packed, one)
		}
	}
	if c, ok := s.component.(local); ok {
		arriving := &meter{reporter: r.options.Reporter, step: s.Where()}
		folder, names, failed := c.Local(ctx, arriving.progress)
		err = failed
		for _, name := range names {
			add("path", folder, name)
		}
		return packed, err
	}
	c, ok := s.component.(interface{ Files() ([]string, error) })
	if !ok {
		return nil, nil
	}
	files, err := c.Files()
	s.eachPath(func(key string, v reflect.Value) {
		for _, file := range files {
			if path := v.String(); file == path {
				add(key, path, "")
			} else if below(file, path) {
				add(key, path, filepath.ToSlash(strings.TrimPrefix(file, path+string(filepath.Separator))))
			}
		}
	})
	return packed, err
}

func (r *Run) putFile(ctx context.Context, file string) (content.Sum, error) {
	sum, err := r.hashes.Sum(ctx, file)
	if err != nil {
		return content.Sum{}, err
	}
	f, err := os.Open(file)
	if err != nil {
		return content.Sum{}, err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return content.Sum{}, err
	}
	return r.store.mirror.putContent(ctx, f, content.Sum{Bytes: stat.Size(), SHA256: sum})
}

// putContent puts what has that content into the store, unless it is there.
func (m *mirror) putContent(ctx context.Context, from io.ReadSeeker, c content.Sum) (content.Sum, error) {
	there, err := m.isStored(ctx, filesFolder+c.SHA256, c.Bytes)
	if err == nil && !there {
		err = m.write(ctx, filesFolder+c.SHA256, from)
	}
	return c, err
}

// isStored asks the store whether it has an object of that size.
func (m *mirror) isStored(ctx context.Context, name string, bytes int64) (bool, error) {
	found, err := m.objects.List(ctx, name)
	for _, o := range found {
		if o.Name == name && o.Size == bytes {
			return true, nil
		}
	}
	return false, err
}

func schemaBytes(schema *arrow.Schema) ([]byte, error) {
	var text bytes.Buffer
	err := ipc.NewWriter(&text, ipc.WithSchema(schema)).Close()
	return text.Bytes(), err
}

func schemaOf(data []byte) (*arrow.Schema, error) {
	r, err := ipc.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer r.Release()
	return r.Schema(), nil
}
