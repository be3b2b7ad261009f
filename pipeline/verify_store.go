package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/sourcegraph/conc/pool"

	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/pipeline/objects"
)

// A storeVerification reads the objects of a store of shared results, a result after the other: it holds in memory the names of those
// that it reads at the time.
type storeVerification struct {
	*verification
	mirror *mirror
	slots  chan struct{} // taken by each object that is read
}

// readStore reads whatever results in a store claim to have, and removes what is damaged if that is asked for.
func (v *verification) readStore(ctx context.Context, address objects.Address) error {
	s, err := objects.Open(ctx, address)
	if err != nil {
		return err
	}
	defer s.Close()
	// Nothing is got into the cache: it gives names only. What cannot be asked is an error.
	at := &storeVerification{v, &mirror{objects: s, cache: openStore("", memory.DefaultAllocator), shared: true}, make(chan struct{}, v.Workers)}
	results := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError().WithMaxGoroutines(v.Workers)
	var k key
	l := listing{}
	verify := func() {
		if k, l := k, l; k != "" {
			results.Go(func(ctx context.Context) error { return at.verify(ctx, k, l) })
		}
	}
	err = s.Each(ctx, mirrorFolder, func(o objects.Object) error {
		part, _, ok := strings.Cut(strings.TrimPrefix(o.Name, mirrorFolder), "/")
		if !ok || !keyName.MatchString(part) {
			return ctx.Err()
		}
		if key(part) != k {
			verify()
			k, l = key(part), listing{}
		}
		l[o.Name] = o.Size
		return ctx.Err()
	})
	if err == nil {
		verify()
		err = s.Each(ctx, filesFolder, func(o objects.Object) error {
			if hash := strings.TrimPrefix(o.Name, filesFolder); sumName.MatchString(hash) {
				results.Go(func(ctx context.Context) error { return at.verifyFile(ctx, o, hash) })
			}
			return ctx.Err()
		})
	}
	return errors.Join(results.Wait(), err)
}

var sumName = regexp.MustCompile(`^[0-9a-f]{64}$`)

// verifyFile reads what machines need that have none of a pipeline's files: it is named by its hash.
func (v *storeVerification) verifyFile(ctx context.Context, o objects.Object, hash string) error {
	problem, err := v.readObject(ctx, o.Name, content.Sum{Bytes: o.Size, SHA256: hash}, listing{o.Name: o.Size})
	if err != nil || problem == "" {
		return err
	}
	remedy := "`ferry verify --remove " + v.mirror.objects.Address.String() + "` removes it, and a run with an engine that needs it puts it there again"
	if v.Remove {
		remedy = isRemoved
		if err := v.mirror.objects.Remove(ctx, o.Name); err != nil {
			remedy = err.Error()
		}
	}
	v.damaged(keptFile{path: v.mirror.objects.Address.String() + "/" + o.Name, remedy: remedy}, problem)
	return nil
}

// verify reads what the notes of a result describe: that of the whole, or else those of its tasks.
func (v *storeVerification) verify(ctx context.Context, k key, l listing) error {
	notes := []string{done}
	if _, whole := l[v.mirror.noteName(k, done)]; !whole {
		notes = nil
		for _, number := range taskNumbers(maps.Keys(l)) {
			notes = append(notes, taskName(number))
		}
	}
	problems, named := map[string]string{}, map[string]bool{} // by object
	for _, name := range notes {
		name = v.mirror.noteName(k, name)
		n, problem, err := v.mirror.readNote(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			problem, err = "is missing", nil
		}
		if problem != "" {
			problems[name] = problem
		}
		if err == nil {
			err = v.readFiles(ctx, k, n, l, problems)
		}
		if err != nil {
			return err
		}
		for file, c := range v.mirror.cache.files(k, n) {
			named[v.mirror.object(file, c)] = true
		}
	}
	if len(notes) == 0 { // else nobody goes on from a state that training has left
		if err := v.verifyStates(ctx, l, problems, named); err != nil {
			return err
		}
	}
	unnamed := 0
	for name := range l {
		if !named[name] && !strings.HasSuffix(name, ".json") { // which are notes, or a model's with its weights
			unnamed++
		}
	}
	remedy := "a run that needs it makes it again, and `ferry verify --remove " + v.mirror.objects.Address.String() + "` removes it now"
	if v.Remove && len(problems) > 0 {
		remedy = isRemoved
		if err := v.removeObjects(ctx, k, l, problems); err != nil {
			remedy = err.Error()
		}
	}
	for name, problem := range problems {
		v.damaged(keptFile{path: v.mirror.objects.Address.String() + "/" + name, remedy: remedy}, problem)
	}
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.found.Unnamed += unnamed
	return ctx.Err()
}

// verifyStates reads the states of training that notes tell of, unless training removes them meanwhile.
func (v *storeVerification) verifyStates(ctx context.Context, l listing, problems map[string]string, named map[string]bool) error {
	for note := range l {
		if !stateNote.MatchString(note) {
			continue
		}
		wrong := note
		s, problem, err := v.mirror.readState(ctx, note)
		if err == nil && problem == "" {
			wrong = strings.TrimSuffix(note, ".json")
			named[wrong] = true
			problem, err = v.readObject(ctx, wrong, s.Sum, l)
		}
		if problem != "" {
			_, _, err = v.mirror.readState(ctx, note)
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case problem != "":
			problems[wrong] = problem
		}
	}
	return nil
}

// readFiles reads the objects that a note describes, and adds what is wrong with those that are not as they were put.
func (v *storeVerification) readFiles(ctx context.Context, k key, n note, l listing, problems map[string]string) error {
	var mutex sync.Mutex
	reads := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError().WithMaxGoroutines(v.Workers)
	for file, c := range v.mirror.cache.files(k, n) {
		reads.Go(func(ctx context.Context) error {
			name := v.mirror.object(file, c)
			problem, err := v.readObject(ctx, name, c, l)
			if err == nil && problem != "" {
				mutex.Lock()
				defer mutex.Unlock()
				problems[name] = problem
			}
			return err
		})
	}
	return reads.Wait()
}

// readObject says what is wrong with an object, if anything is.
func (v *storeVerification) readObject(ctx context.Context, name string, c content.Sum, l listing) (problem string, err error) {
	size, ok := l[name]
	switch {
	case !ok:
		return "is missing", nil
	case size != c.Bytes:
		return fmt.Sprintf("has %d bytes, and %d were put", size, c.Bytes), nil
	}
	select {
	case v.slots <- struct{}{}:
		defer func() { <-v.slots }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	sum := sha256.New()
	err = v.mirror.objects.Get(ctx, name, writerFunc(func(data []byte) (int, error) {
		v.progress(len(data))
		return sum.Write(data)
	}))
	if errors.Is(err, fs.ErrNotExist) {
		return "is missing", nil
	}
	v.mutex.Lock()
	v.found.Files++
	v.mutex.Unlock()
	if got := hex.EncodeToString(sum.Sum(nil)); err == nil && got != c.SHA256 {
		return fmt.Sprintf("is not what was put: its SHA-256 is %.12s..., and was %.12s...", got, c.SHA256), nil
	}
	return "", err
}

type writerFunc func(data []byte) (int, error)

func (f writerFunc) Write(data []byte) (int, error) { return f(data) }

// removeObjects removes those of a result that something is wrong with: first the notes that name them.
func (v *storeVerification) removeObjects(ctx context.Context, k key, l listing, wrong map[string]string) error {
	remove := []string{v.mirror.noteName(k, done)}
	for _, number := range taskNumbers(maps.Keys(l)) {
		name := v.mirror.noteName(k, taskName(number))
		n, problem, err := v.mirror.readNote(ctx, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for file, c := range v.mirror.cache.files(k, n) {
			problem = cmp.Or(problem, wrong[v.mirror.object(file, c)])
		}
		if problem != "" {
			remove = append(remove, name)
		}
	}
	for name := range wrong {
		if note := name + ".json"; stateNote.MatchString(note) {
			remove = append(remove, note)
		}
	}
	for _, name := range slices.AppendSeq(remove, maps.Keys(wrong)) {
		if err := v.mirror.objects.Remove(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
