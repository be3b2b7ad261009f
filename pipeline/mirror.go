package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"sync"

	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/pipeline/objects"
)

// A mirror is what several users and machines have of the cache in common: an object store with the same folders by key. What is
// not in the cache is looked up there, and got when it is read; what is made is put there, notes last. A key has the same result
// whoever made it, so that nobody needs to keep others out. A nil mirror has nothing, and takes nothing.
//
// Objects of results have the hash of their content in their names, which a note tells: a name never gets other content, and
// two who make the same at the same time, with batches cut otherwise, do not spoil each other's.
type mirror struct {
	objects *objects.Store
	cache   store
	warn    func(warning string)
	shared  bool   // other processes wait for what this one puts there
	depot   *depot // where what is got stays for later processes; nil if the cache is where it stays

	mutex    sync.Mutex
	readOnly bool
	lost     bool                   // it has failed, and is neither asked nor told any more
	hidden   bool                   // it has told that something there may not be read
	there    map[string]int64       // sizes of objects that are known to be there, by name
	damaged  map[string]bool        // notes that it has told to be, by name
	useless  map[string]bool        // objects that could not be got as they should be, by name
	spoiled  map[key]bool           // what has such objects, and whether the run has begun to make it again
	getting  map[string]*sync.Mutex // by path
}

const mirrorFolder = "cache/"

// openMirror opens the pipeline's store; nil if it has none. Close must be called in the end.
func (p *Pipeline) openMirror(ctx context.Context, s store, shared bool, warn func(string)) (*mirror, error) {
	if p.Store == nil {
		return nil, nil
	}
	if p.Offline && p.Store.Path() == "" {
		warn(fmt.Sprintf("ferry is offline, and does without %s", p.Store))
		return nil, nil
	}
	opened, err := objects.Open(ctx, *p.Store)
	if err != nil {
		return nil, fmt.Errorf("%w; to do without it: --set store=", err)
	}
	return newMirror(opened, s, shared, warn), nil
}

func newMirror(opened *objects.Store, s store, shared bool, warn func(string)) *mirror {
	return &mirror{objects: opened, cache: s, warn: warn, shared: shared, there: map[string]int64{},
		damaged: map[string]bool{}, useless: map[string]bool{}, spoiled: map[key]bool{}, getting: map[string]*sync.Mutex{}}
}

func (m *mirror) close() {
	if m != nil {
		m.objects.Close()
	}
}

// off tells whether there is nothing to ask.
func (m *mirror) off() bool {
	if m == nil {
		return true
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.lost
}

// without decides what becomes of the run after an error of the store. One whose results all lie in its own cache goes on; when
// others wait for them it ends, and is to be started again.
func (m *mirror) without(ctx context.Context, err error) error {
	if err == nil || m.shared || ctx.Err() != nil {
		return err
	}
	m.mutex.Lock()
	told := m.lost
	m.lost = true
	m.mutex.Unlock()
	if !told {
		m.warn(fmt.Sprintf("%v; the run goes on without the store, and the next one puts there what is missing", err))
	}
	return nil
}

// A listing has the sizes of the objects of a key, by name.
type listing map[string]int64

func (m *mirror) noteName(k key, name string) string {
	return mirrorFolder + string(k) + "/" + name + ".json"
}

// object is the name of a file of the cache that has that content.
func (m *mirror) object(file string, c content.Sum) string {
	name, err := filepath.Rel(m.cache.root, file)
	if err != nil {
		panic("pipeline: only what lies in the cache has a place in the store: " + err.Error())
	}
	folder, base := path.Split(filepath.ToSlash(name))
	return mirrorFolder + folder + c.SHA256[:16] + "-" + base
}

// list lists what is there of a key.
func (m *mirror) list(ctx context.Context, k key) (listing, error) {
	if m.off() {
		return nil, nil
	}
	all, err := m.objects.List(ctx, mirrorFolder+string(k)+"/")
	if errors.Is(err, fs.ErrPermission) && !m.shared {
		m.tellHidden(err)
		return nil, nil
	}
	if err != nil {
		return nil, m.without(ctx, err)
	}
	l := listing{}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	_, spoiled := m.spoiled[k]
	for _, o := range all {
		if m.useless[o.Name] {
			continue
		}
		if l[o.Name] = o.Size; !spoiled { // else all is put again
			m.there[o.Name] = o.Size
		}
	}
	return l, nil
}

// find looks up the note of a whole unit; false if there is none, or not all that it describes.
func (m *mirror) find(ctx context.Context, u *unit) (note, bool, error) {
	if m.off() || u.step.Section == "sinks" { // whose files are a user's own
		return note{}, false, nil
	}
	n, ok, err := m.read(ctx, u.key, done)
	if err != nil || !ok {
		return note{}, false, err
	}
	l, err := m.list(ctx, u.key)
	return n, err == nil && m.complete(u.key, n, l), err
}

// listed is the note of that name if a listing has it and all that it describes.
func (m *mirror) listed(ctx context.Context, k key, name string, l listing) (note, bool, error) {
	if _, ok := l[m.noteName(k, name)]; !ok {
		return note{}, false, nil
	}
	n, ok, err := m.read(ctx, k, name)
	return n, ok && m.complete(k, n, l), err
}

// read reads a note. One that is damaged is as good as none: it is removed, and what it told of is made again.
func (m *mirror) read(ctx context.Context, k key, name string) (n note, ok bool, err error) {
	name = m.noteName(k, name)
	n, problem, err := m.readNote(ctx, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return n, false, nil
	case errors.Is(err, fs.ErrPermission) && !m.shared:
		m.tellHidden(err)
		return n, false, nil
	case err != nil:
		return n, false, m.without(ctx, err)
	case problem != "":
		m.mutex.Lock()
		told := m.damaged[name]
		m.damaged[name] = true
		delete(m.there, name)
		m.mutex.Unlock()
		if !told {
			m.warn(fmt.Sprintf("%s/%s %s; %s; what it tells of is made again", m.objects.Address, name, problem, m.discard(ctx, name)))
		}
		return n, false, nil
	}
	return n, true, nil
}

// complete tells whether all is there that a note describes.
func (m *mirror) complete(k key, n note, l listing) bool {
	for file, c := range m.cache.files(k, n) {
		if size, ok := l[m.object(file, c)]; !ok || size != c.Bytes {
			return false
		}
	}
	return true
}

// files are what a note describes, with the content of each, by path in the cache.
func (s store) files(k key, n note) map[string]content.Sum {
	files := map[string]content.Sum{}
	for name, c := range n.Model {
		files[filepath.Join(s.model(k), filepath.FromSlash(name))] = c
	}
	for table, shards := range n.Shards {
		for _, part := range shards {
			files[s.shard(k, table, part.Number)] = part.Sum
		}
	}
	return files
}
