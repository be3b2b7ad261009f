package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/sourcegraph/conc/pool"

	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/pipeline/objects"
	"github.com/ferry-clir/ferry/pipeline/tables"
	"github.com/ferry-clir/ferry/sources"
)

// VerifyOptions say how files are verified.
type VerifyOptions struct {
	Workers int // files read at a time; 0 means one a core
	// Remove removes what is damaged from caches and stores, so that the run that needs it next makes it again.
	Remove bool
	// Progress, in bytes, may be nil.
	Progress func(done, total int64)
}

// Verified says how many files were read, and which are not what they should be.
type Verified struct {
	Files   int
	Bytes   int64
	Unknown int      // files that are well, but of which nobody noted what they hold
	Unnamed int      // objects of stores that no note names
	Damages []Damage // by path
}

func (v *Verified) String() string {
	text := fmt.Sprintf("%d files read, %s; %d damaged", v.Files, sources.SizeText(v.Bytes), len(v.Damages))
	if v.Unknown > 0 {
		text += fmt.Sprintf("; of %d nobody noted what they hold, and they can be read", v.Unknown)
	}
	if v.Unnamed > 0 {
		text += fmt.Sprintf("; %d objects belong to nothing that is complete: runs put them that are at work, or were killed", v.Unnamed)
	}
	return text
}

// A Damage is a file that is not what it should be.
type Damage struct {
	Path, Problem, Remedy string
	key                   key // that it is a part of, in the cache of
	store                 store
}

// rewrite is the remedy for an output.
const rewrite = "remove it and run again"

const isRemoved = "removed; the run that needs it next makes it again"

// Removed tells whether nothing is left to be done about it.
func (d Damage) Removed() bool { return strings.HasPrefix(d.Remedy, isRemoved) }

// A keptFile is a file that should be as it was when it was written.
type keptFile struct {
	path        string
	content.Sum // what it held then, if that is known
	table       *tables.Expected
	remedy      string
	key         key   // that it is a part of, in the cache of
	store       store // this
}

// Verify reads files, and finds those that are not what they were when they were written, or not what they should be. Each
// path is a folder with a manifest in it or below, a work folder or its cache, a model's folder, a Parquet or Arrow file, or the address of a store.
func Verify(ctx context.Context, paths []string, o VerifyOptions) (*Verified, error) {
	v := &verification{VerifyOptions: o}
	if v.Workers <= 0 {
		v.Workers = runtime.NumCPU()
	}
	var stores []objects.Address
	for _, path := range paths {
		if strings.Contains(path, "://") {
			address, err := objects.Parse(path)
			if err != nil {
				return nil, fmt.Errorf("verifying: the address of a store %w", err)
			}
			stores = append(stores, address)
			continue
		}
		unlock, err := v.gather(ctx, path)
		if err != nil {
			return nil, err
		}
		defer unlock()
	}
	if err := v.addOutputs(); err != nil {
		return nil, err
	}
	if err := v.readAll(ctx); err != nil {
		return nil, err
	}
	for _, address := range stores {
		v.total = 0 // what there is, is listed while it is read
		if err := v.readStore(ctx, address); err != nil {
			return nil, fmt.Errorf("verifying: %w", err)
		}
	}
	if v.Remove {
		v.remove()
	}
	slices.SortStableFunc(v.found.Damages, func(a, b Damage) int { return cmp.Compare(a.Path, b.Path) })
	return &v.found, nil
}

const verifiable = "name a folder that a run wrote its outputs to, a work folder such as .ferry, a model's folder, a Parquet or Arrow file, or the address of a store"

// A verification is what there is to read, and what is known of it.
type verification struct {
	VerifyOptions
	manifests []*foundManifest
	files     []keptFile
	total     int64 // bytes
	mutex     sync.Mutex
	found     Verified
}

// gather lists what is to be read at a path. Until unlock is called nobody else changes what may be removed.
func (v *verification) gather(ctx context.Context, path string) (unlock func(), err error) {
	unlock = func() {}
	stat, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("verifying: %w", err)
	}
	if !stat.IsDir() && !tables.IsTable(path) {
		return nil, fmt.Errorf("verifying %s: it is no Parquet or Arrow file; %s", path, verifiable)
	}
	if !stat.IsDir() {
		v.add(keptFile{path: path, table: &tables.Expected{Rows: -1}, remedy: "make it again"})
		return unlock, nil
	}
	manifests, err := filepath.Glob(filepath.Join(path, "*"+manifestSuffix))
	if err != nil {
		return nil, fmt.Errorf("verifying: %w", err)
	}
	isModel, isWork := isThere(filepath.Join(path, "config.json"), 0), isThere(filepath.Join(path, "cache"), 0)
	if len(manifests) == 0 && !isModel && !isWork {
		if manifests, err = manifestsBelow(path); err != nil {
			return nil, fmt.Errorf("verifying: %w", err)
		}
	}
	for _, file := range manifests {
		if err := v.readManifest(file); err != nil {
			return nil, err
		}
	}
	switch {
	case isWork:
		if v.Remove {
			if _, unlock, err = lock(path); err != nil {
				return nil, err
			}
		}
		return unlock, v.gatherWork(path)
	case isModel:
		v.readModel(ctx, path)
	case len(manifests) == 0:
		return nil, fmt.Errorf("verifying %s: it has neither a manifest, nor a cache, nor a model's config.json; %s", path, verifiable)
	}
	return unlock, nil
}

// add adds a file to be read. One that is missing, or of another size, is known to be damaged already.
func (v *verification) add(f keptFile) {
	stat, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.remedy = strings.Replace(f.remedy, rewrite, "run again", 1)
		v.damaged(f, "is missing")
	case err != nil:
		v.damaged(f, err.Error())
	case f.Bytes > 0 && stat.Size() != f.Bytes:
		v.damaged(f, fmt.Sprintf("has %d bytes, and %d were written", stat.Size(), f.Bytes))
	default:
		v.files = append(v.files, f)
		v.total += stat.Size()
	}
}

func (v *verification) damaged(f keptFile, problem string) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.found.Damages = append(v.found.Damages, Damage{Path: f.path, Problem: problem, Remedy: f.remedy, key: f.key, store: f.store})
}

// remove removes the results from caches that damaged files are a part of.
func (v *verification) remove() {
	removed := map[string]string{}
	for i, d := range v.found.Damages {
		folder := d.store.folder(d.key)
		if d.key != "" && removed[folder] == "" {
			left, err := d.store.remove(d.key)
			switch removed[folder] = isRemoved; {
			case err != nil:
				removed[folder] = err.Error()
			case len(left) > 0:
				removed[folder] += fmt.Sprintf(" (but for %s, which ferry has not written)", strings.Join(left, ", "))
			}
		}
		if d.key != "" {
			v.found.Damages[i].Remedy = removed[folder]
		}
	}
}

// readAll reads all files, several at a time.
func (v *verification) readAll(ctx context.Context) error {
	tasks := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError().WithMaxGoroutines(v.Workers)
	for _, f := range v.files {
		tasks.Go(func(ctx context.Context) error {
			problem, err := v.read(ctx, f)
			if err == nil && problem != "" {
				v.damaged(f, problem)
			}
			return err
		})
	}
	if err := tasks.Wait(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	return nil
}

// read says what is wrong with a file, if anything is. An error is only what ends all.
func (v *verification) read(ctx context.Context, f keptFile) (problem string, err error) {
	read, err := content.Read(ctx, f.path, v.progress)
	defer func() {
		v.mutex.Lock()
		defer v.mutex.Unlock()
		v.found.Files++
		if f.SHA256 == "" && problem == "" {
			v.found.Unknown++
		}
	}()
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return err.Error(), nil
	case f.SHA256 != "" && read.SHA256 != f.SHA256:
		return fmt.Sprintf("is not what was written: its SHA-256 is %.12s..., and was %.12s...", read.SHA256, f.SHA256), nil
	case f.table == nil:
		return "", nil
	}
	return f.table.Check(ctx, f.path)
}

func (v *verification) progress(bytes int) {
	v.mutex.Lock()
	v.found.Bytes += int64(bytes)
	done := v.found.Bytes
	v.mutex.Unlock()
	if v.Progress != nil {
		v.Progress(done, v.total)
	}
}
