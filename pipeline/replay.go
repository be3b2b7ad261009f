package pipeline

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ferry-clir/ferry/pipeline/content"
	"github.com/ferry-clir/ferry/sinks"
)

// fileSums is the key of the quarantine's metadata that holds the SHA-256 of the files that its rows stand in, by path.
const fileSums = "sha256"

// Mended says what became of the rows of a list given to Mend.
type Mended struct {
	Mended    int // read in place of the file's own from now on
	LeftOut   int // among these, rows that are empty
	Unchanged int // as they are in the quarantine
	Already   int // mended in the same way before
}

func (m Mended) String() string {
	if m == (Mended{}) {
		return "the list has no rows: nothing is mended"
	}
	return fmt.Sprintf("%d rows mended, %d of them left out; %d unchanged, %d mended already", m.Mended, m.LeftOut, m.Unchanged, m.Already)
}

// Mend takes over the rows of a list that differ from what the last run put into quarantine: from the next Run on they
// are read in place of what their files hold. The list is the quarantine's Parquet as another program has changed it, or
// what ExportQuarantine wrote as a person has. All of it is taken, or nothing.
func (p *Pipeline) Mend(ctx context.Context, list string) (Mended, error) {
	_, unlock, err := lock(p.Work)
	if err != nil {
		return Mended{}, err
	}
	defer unlock()
	m, err := p.newMending(ctx)
	if err != nil {
		return Mended{}, err
	}
	if _, err := readBadRows(ctx, list, func(b badRow) error { return m.take(ctx, b) }); err != nil {
		return Mended{}, fmt.Errorf("reading %s: %w", list, err)
	}
	if m.done.Mended == 0 {
		return m.done, nil
	}
	if err := writeJSON(p.mendsFile(), m.mends); err != nil {
		return Mended{}, fmt.Errorf("writing mended rows: %w", err)
	}
	return m.done, nil
}

// A mending compares a list with the quarantine.
type mending struct {
	pipeline *Pipeline
	mends    mends
	bad      map[place]original
	others   map[other]bool    // rows in quarantine that are not lines of a file
	sums     map[string]string // of the files that rows in quarantine stand in, when they were read
	hashes   *content.Known
	taken    map[place][]byte // rows of the list that are new, so that one that stands there twice is found
	done     Mended
}

// An other is a row in quarantine that is not a line of a file, and cannot be mended: one of XML, or of a table.
type other struct {
	path   string
	line   int64
	digest [sha256.Size]byte
}

// An original is a row in quarantine.
type original struct {
	digest [sha256.Size]byte // of its raw bytes
	broken bool              // there are line breaks among them
}

func (p *Pipeline) newMending(ctx context.Context) (*mending, error) {
	m := &mending{pipeline: p, bad: map[place]original{}, others: map[other]bool{}, sums: map[string]string{}, hashes: content.OpenKnown(p.Work), taken: map[place][]byte{}}
	var err error
	if m.mends, err = p.readMends(); err != nil {
		return nil, err
	}
	if err := m.follow(ctx); err != nil {
		return nil, fmt.Errorf("looking for mended rows: %w", err)
	}
	metadata, err := readBadRows(ctx, p.quarantineFile(), func(b badRow) error {
		if b.offset < 0 {
			m.others[other{b.path, b.line, sha256.Sum256(b.raw)}] = true
			return nil
		}
		m.bad[b.place] = original{sha256.Sum256(b.raw), bytes.ContainsRune(b.raw, '\n')}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", p.shown(p.quarantineFile()), err)
	}
	if json.Unmarshal([]byte(metadata[fileSums]), &m.sums) != nil {
		return nil, fmt.Errorf("%s is not as ferry wrote it: write mended rows to a file of their own; the next run writes this one anew", p.shown(p.quarantineFile()))
	}
	return m, nil
}

// follow finds out which mends hold for their files as they are now.
func (m *mending) follow(ctx context.Context) error {
	known := map[string]bool{}
	for _, one := range m.mends {
		if known[one.File] {
			continue
		}
		known[one.File] = true
		file := absolute(m.pipeline.dir, one.File)
		sum, err := m.hashes.Sum(ctx, file)
		if err == nil {
			err = m.mends.follow(ctx, file, one.File, sum)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// mended returns where the mend of a row stands that holds for its file as it is now.
func (m *mending) mended(row place) (at int, ok bool) {
	at, ok = m.mends.find(row)
	return at, ok && m.mends[at].SHA256 == m.hashes.Last(absolute(m.pipeline.dir, m.mends[at].File))
}

// take takes a row of the list.
func (m *mending) take(ctx context.Context, b badRow) error {
	where := fmt.Sprintf("%s:%d", b.path, b.line)
	if b.offset < 0 {
		if !m.others[other{b.path, b.line, sha256.Sum256(b.raw)}] {
			return m.unmendable(b)
		}
		m.done.Unchanged++
		return nil
	}
	if other, twice := m.taken[b.place]; twice && !bytes.Equal(other, b.raw) {
		return fmt.Errorf("%s stands there twice, mended in two ways", where)
	} else if twice {
		return nil
	}
	was, bad := m.bad[b.place]
	at, mended := m.mended(b.place)
	switch {
	case bad && was.digest == sha256.Sum256(b.raw):
		m.done.Unchanged++
		return nil
	case mended && bytes.Equal(m.mends[at].Row, b.raw):
		m.done.Already++
		return nil
	case !bad && !mended:
		return fmt.Errorf("%s, at byte %d, is not in quarantine; if its file has changed since the list was written, run again, and list with --export what is there then", where, b.offset)
	case bytes.ContainsRune(b.raw, '\n') && bad && !was.broken:
		return fmt.Errorf("%s has a line break now; a row of that file is one line", where)
	}
	one := mend{Path: b.path, Line: b.line, Offset: b.offset, Row: bytes.Clone(b.raw)}
	if mended {
		one.File, one.SHA256 = m.mends[at].File, m.mends[at].SHA256
	}
	if file := m.fileOf(b); file != "" {
		one.File, one.SHA256 = file, m.sums[file]
	}
	if err := m.measure(ctx, &one); err != nil {
		return err
	}
	m.taken[b.place] = one.Row
	m.mends.put(one)
	m.done.Mended++
	if len(one.Row) == 0 {
		m.done.LeftOut++
	}
	return nil
}

// measure notes the size of a mend's file, which must be as it was when its rows were put into quarantine.
func (m *mending) measure(ctx context.Context, one *mend) error {
	file := absolute(m.pipeline.dir, one.File)
	if now, err := m.hashes.Sum(ctx, file); err != nil {
		return err
	} else if now != one.SHA256 {
		return fmt.Errorf("%s has changed since its rows were put into quarantine; run again, and mend those that are there then", one.File)
	}
	stat, err := os.Stat(file)
	if err == nil {
		one.Bytes = stat.Size()
	}
	return err
}

// fileOf is the file that a row stands in, as the quarantine has it; empty if there is none.
func (m *mending) fileOf(b badRow) string {
	for file := range m.sums {
		if b.path == file || strings.HasPrefix(b.path, file+"/") {
			return file
		}
	}
	return ""
}

// unmendable is the error of a row that has been changed, and is not a line of a file.
func (m *mending) unmendable(b badRow) error {
	if m.fileOf(b) != "" {
		return fmt.Errorf("%s:%d cannot be mended here, since its file does not consist of lines; mend the file", b.path, b.line)
	}
	return fmt.Errorf("a row of %s cannot be mended here, since it is no line of a file, but of a table that a step reads; mend what the table is made of, or the step, and run again", b.path)
}

// ExportQuarantine writes the rows of a quarantine that can be mended as a list to be edited, each once, and returns how
// many there are, and how many it left out because they are not lines of a file. It writes over nothing.
func ExportQuarantine(ctx context.Context, from, to string) (rows, others int, err error) {
	if _, err := os.Lstat(to); err == nil {
		return 0, 0, fmt.Errorf("exporting: %s exists; nothing is written over it", to)
	}
	if _, err := os.Stat(filepath.Dir(to)); err != nil { // it is a person's to make
		return 0, 0, fmt.Errorf("exporting: %w", err)
	}
	f, err := sinks.Create(to)
	if err != nil {
		return 0, 0, fmt.Errorf("exporting: %w", err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, listHeader) // the writer keeps its error for Flush
	known := map[place]bool{}
	_, err = readBadRows(ctx, from, func(b badRow) error {
		switch {
		case b.offset < 0:
			others++
		case !known[b.place]:
			known[b.place] = true
			rows++
			fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%s\n", cell(b.path), b.line, b.offset, cell(b.reason), cell(b.detail), quote(b.raw))
		}
		return nil
	})
	err = errors.Join(err, w.Flush())
	if err = f.Publish(err); err != nil {
		return 0, 0, fmt.Errorf("exporting %s: %w", from, err)
	}
	return rows, others, nil
}
