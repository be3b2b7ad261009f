package sources

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// mosesParts finds the aligned files of one target language. An archive that holds both is named twice.
func (b *Bitext) mosesParts(paths []string, target string) ([]part, error) {
	var sources, targets []string
	var err error
	switch {
	case len(paths) == 2:
		if sources, err = glob(paths[0]); err == nil {
			targets, err = glob(paths[1])
		}
	case len(paths) == 1 && filepath.Ext(paths[0]) == ".zip":
		sources, err = glob(paths[0])
		targets = sources
	case len(paths) == 1:
		if sources, err = stems(paths[0], b.code(b.Languages[0])); err == nil {
			targets, err = stems(paths[0], b.code(target))
		}
	default:
		err = fmt.Errorf("line-aligned text has two files, %d are named", len(paths))
	}
	if err != nil {
		return nil, err
	}
	if len(sources) != len(targets) {
		return nil, fmt.Errorf("%d files in %s (%s, ...), %d in %s (%s, ...): each needs its counterpart",
			len(sources), b.Languages[0], sources[0], len(targets), target, targets[0])
	}
	parts := make([]part, len(sources))
	for i := range sources {
		parts[i] = part{format: "moses", file: sources[i], aligned: targets[i], targets: []string{target}}
	}
	return parts, nil
}

// stems returns the files `<stem>.<code>`, bare or compressed.
func stems(stem, code string) ([]string, error) {
	for _, suffix := range suffixes {
		if found, err := glob(stem + "." + code + suffix); err == nil {
			return found, nil
		}
	}
	if info, err := os.Stat(stem); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s: what format is it? name moses (with a second path), tsv or tmx", stem)
	}
	_, err := glob(stem + "." + code)
	return nil, err
}

// readMoses reads two files line by line. A pair counts as one row, whichever side is bad.
func (b *Bitext) readMoses(r reading, rows *rows, p part) error {
	for _, target := range p.targets {
		if err := b.readAligned(r, rows, p, target); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bitext) readAligned(r reading, rows *rows, p part, target string) error {
	ends := func(code string) func(string) bool {
		return func(name string) bool { return strings.HasSuffix(name, "."+code) }
	}
	var side [2]*lines[struct{}]
	for i, file := range []string{p.file, p.aligned} {
		wanted := ends(b.code([]string{b.Languages[0], target}[i]))
		if p.file != p.aligned {
			wanted = nil
		}
		l, err := openLines[struct{}](r, file, wanted, nil)
		if err != nil {
			return err
		}
		defer l.close()
		side[i] = l
	}
	origin := bare(side[1].path)
	for {
		more := [2]bool{side[0].scan(), side[1].scan()}
		if err := firstError(side[0].err, side[1].err); err != nil {
			return err
		}
		switch {
		case !more[0] && !more[1]:
			return nil
		case !more[0]:
			return b.mismatch(side[1], side[0])
		case !more[1]:
			return b.mismatch(side[0], side[1])
		}
		if err := putAligned(rows, side, b.Languages[0], target, origin); err != nil {
			return err
		}
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func putAligned(rows *rows, side [2]*lines[struct{}], source, target, origin string) error {
	for _, l := range side {
		if l.bad != nil && !l.bad.dropped {
			return l.leave(l.bad)
		}
	}
	for _, l := range side {
		if l.bad != nil {
			return l.leave(l.bad)
		}
	}
	rows.names(origin+":"+strconv.FormatInt(side[0].number, 10), source, target)
	rows.texts(side[0].text, side[1].text)
	rows.names(origin)
	return rows.end()
}

// mismatch deals with the lines of the longer file that have no counterpart; the first of them has just been read.
func (b *Bitext) mismatch(longer, shorter *lines[struct{}]) error {
	for {
		if b.Mismatch == "quarantine" {
			err := longer.leave(badly("unequal_lines", "%s ends at line %d", shorter.path, shorter.number))
			if err != nil {
				return err
			}
		}
		if !longer.scan() {
			break
		}
	}
	if longer.err != nil || b.Mismatch == "quarantine" {
		return longer.err
	}
	return fmt.Errorf("%s has %d lines, %s has %d: aligned files must have equally many", longer.path, longer.number, shorter.path, shorter.number)
}

// readTSV reads a pair a line.
func (b *Bitext) readTSV(r reading, rows *rows, p part) error {
	at := map[string]int{"id": -1}
	last := 0
	for i, name := range b.Columns {
		at[name] = i
		if name != "-" {
			last = i
		}
	}
	source, target := at["source"], at["target"]
	parse := func(line []byte, s *splitter) ([][]byte, *bad) {
		f, bad := s.tabs(line, last+1, strings.Join(b.Columns[:last+1], ", "))
		if bad != nil {
			return nil, bad
		}
		f[last], _, _ = bytes.Cut(f[last], []byte("\t"))
		if blank(f[source]) || blank(f[target]) {
			return nil, emptyRow
		}
		if id := at["id"]; id >= 0 && len(f[id]) == 0 {
			return nil, badly(badValue, "the id is empty")
		}
		return f, nil
	}
	l, err := openLines(r, p.file, nil, parse)
	if err != nil {
		return err
	}
	defer l.close()
	origin := bare(l.path)
	return l.each(func() (*bad, error) {
		if at["id"] >= 0 {
			rows.texts(l.value[at["id"]])
		} else {
			rows.names(origin + ":" + strconv.FormatInt(l.number, 10))
		}
		rows.names(b.Languages[0], p.targets[0])
		rows.texts(l.value[source], l.value[target])
		rows.names(origin)
		return nil, rows.end()
	})
}
