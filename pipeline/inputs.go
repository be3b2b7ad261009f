package pipeline

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"github.com/sourcegraph/conc/pool"

	"github.com/ferry-clir/ferry/pipeline/objects"
	"github.com/ferry-clir/ferry/pipeline/strict"
	"github.com/ferry-clir/ferry/sinks"
	"github.com/ferry-clir/ferry/sources"
	"github.com/ferry-clir/ferry/sources/download"
)

// localize has steps whose paths are addresses read and write files of this machine. What sources and models read is got once, into
// the user's cache folder; that is done when the pipeline is checked, as keys are made of what files hold, and again when the
// store has another one. What sinks write is put when it is complete.
func (p *Pipeline) localize(ctx context.Context, m *strict.Found) error {
	for _, s := range p.Steps {
		var failed error
		s.eachPath(func(key string, v reflect.Value) {
			text := v.String()
			if failed != nil || !objects.Remote(text) {
				return
			}
			address, err := objects.Parse(text)
			if err != nil {
				s.blame(m, key, "%s", err)
				s.faulty = true
				return
			}
			var local string
			if s.Section == "sinks" {
				local, err = p.deliver(ctx, s, address)
			} else {
				local, err = p.fetchInput(ctx, address, s.Section == "models")
			}
			if ctx.Err() != nil {
				failed = context.Cause(ctx)
			} else if err != nil {
				s.blameOutside(m, key, errors.New(p.secrets.Redact(err.Error())))
				s.faulty = true
			}
			v.SetString(local)
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}

// fetchInput gets all objects that an address names: one, those that fit a pattern, or a folder. It returns the path of the
// copies, as the address has it. Of a model's folder it gets what ferry reads of models.
func (p *Pipeline) fetchInput(ctx context.Context, a objects.Address, model bool) (local string, err error) {
	cache, err := download.Cache()
	if err != nil {
		return "", err
	}
	bucket, pattern := a.Split()
	folder := filepath.Join(cache, "objects", bucketFolder(bucket))
	local = filepath.Join(folder, filepath.FromSlash(pattern))
	if p.Offline {
		return local, nil // whoever reads it will see
	}
	store, err := objects.Open(ctx, bucket)
	if err != nil {
		return local, err
	}
	defer store.Close()
	found, err := inputsIn(ctx, store, pattern, model)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("there is no object %s, none that begins with %s/, and none that fits", a, a)
	}
	if err != nil {
		return local, err
	}
	unlock, err := download.Lock(ctx, folder, nil)
	if err != nil {
		return local, err
	}
	defer unlock()
	if err := removeGone(folder, pattern, model, found); err != nil {
		return local, err
	}
	gets := pool.New().WithContext(ctx).WithMaxGoroutines(mostReads).WithCancelOnError().WithFirstError()
	for _, o := range found {
		gets.Go(func(ctx context.Context) error {
			if !filepath.IsLocal(filepath.FromSlash(o.Name)) {
				return fmt.Errorf("%s/%s has a name that would lead out of the cache folder", bucket, o.Name)
			}
			return p.fetchObject(ctx, store, o, filepath.Join(folder, filepath.FromSlash(o.Name)))
		})
	}
	return local, gets.Wait()
}

// bucketFolder is the name of a folder for what is in a bucket. Another server may have a bucket of the same name.
func bucketFolder(bucket objects.Address) string {
	return fmt.Sprintf("%s-%08x", strings.ReplaceAll(bucket.String(), "://", "-"), crc32.ChecksumIEEE([]byte(bucket.Identity())))
}

// braced is a part of a path that a source fills in, such as {source}.
var braced = regexp.MustCompile(`\{[^{}/]*\}`)

// ofModel are the files of a model's folder that are read, rather than the same weights for other programs.
var ofModel = regexp.MustCompile(`^([^/]*|[12]_(Pooling|Dense)/[^/]*)\.(json|safetensors|txt)$`)

// inputsIn lists the objects that a name means: with wildcards or {language} in it, or under the suffix of a compressed file, or a
// folder.
func inputsIn(ctx context.Context, store *objects.Store, name string, model bool) (found []objects.Object, err error) {
	pattern := braced.ReplaceAllString(name, "*")
	literal := pattern
	if i := strings.IndexAny(pattern, "*?["); i >= 0 {
		literal = pattern[:i]
	}
	all, err := store.List(ctx, literal)
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if fits, err := isMeant(o.Name, name, model); err != nil {
			return nil, err
		} else if fits {
			found = append(found, o)
		}
	}
	return found, nil
}

// isMeant tells whether an object is one that a name means.
func isMeant(object, name string, model bool) (bool, error) {
	inner, fits := strings.CutPrefix(object, name+"/")
	fits = fits && inner != "" && !strings.HasSuffix(inner, "/") && (!model || ofModel.MatchString(inner))
	for _, suffix := range sources.Suffixes() {
		matched, err := path.Match(braced.ReplaceAllString(name, "*")+suffix, object)
		if err != nil {
			return false, fmt.Errorf("%s: %w", name, err)
		}
		fits = fits || matched
	}
	return fits, nil
}

// removeGone removes the copies of objects that are not there any more, which would be read as if they were, and what a process that was
// killed has half fetched.
func removeGone(folder, name string, model bool, found []objects.Object) error {
	there := map[string]bool{}
	for _, o := range found {
		there[o.Name] = true
	}
	err := filepath.WalkDir(folder, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		object, err := filepath.Rel(folder, file)
		if err != nil || there[filepath.ToSlash(object)] || object == "lock" { // which download.Lock holds
			return err
		}
		meant, err := isMeant(filepath.ToSlash(object), name, model)
		if err == nil && (meant || sinks.IsPart(d.Name())) {
			err = os.Remove(file)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// fetchObject gets an object unless there is a copy of it, which has its size and time.
func (p *Pipeline) fetchObject(ctx context.Context, store *objects.Store, o objects.Object, file string) error {
	if stat, err := os.Stat(file); err == nil && stat.Size() == o.Size && stat.ModTime().Equal(o.Modified) {
		return nil
	}
	if p.Fetching != nil {
		p.Fetching(fmt.Sprintf("%s/%s, %s", store.Address, o.Name, sources.SizeText(o.Size)))
	}
	part, err := sinks.Create(file)
	if err != nil {
		return err
	}
	err = store.Get(ctx, o.Name, part)
	if errors.Is(err, download.ErrChanged) {
		err = fmt.Errorf("%w; run again when it is complete", err)
	}
	if err == nil {
		err = os.Chtimes(part.Name(), o.Modified, o.Modified)
	}
	return part.Publish(err)
}
