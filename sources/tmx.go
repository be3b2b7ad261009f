package sources

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
)

// readTMX reads a pair a translation unit and target language. What ends reading loses none of the units before it.
func (b *Bitext) readTMX(r reading, rows *rows, p part) error {
	in, err := openBytes(r, p.file, func(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".tmx") })
	if err != nil {
		return err
	}
	defer in.close()
	if in.isPacked() {
		in.readAhead()
	}
	codes := []string{b.code(b.Languages[0])}
	for _, target := range p.targets {
		codes = append(codes, b.code(target))
	}
	mended := r.mended(in.path)
	t, err := newTMXReader(in, codes, r.maxLine)
	for origin := bare(in.path); err == nil; {
		if err = t.next(); err != nil {
			continue
		}
		u := t
		if text, ok := mended[t.begun.offset]; ok {
			u = t.mended(text)
		}
		err = b.putUnit(r, rows, u, p.targets, origin)
	}
	if err == io.EOF {
		return nil
	}
	return firstError(rows.flush(), err)
}

// putUnit emits the pairs of a unit.
func (b *Bitext) putUnit(r reading, rows *rows, u *tmxReader, targets []string, origin string) error {
	if u.problem != "" {
		return r.out.Reject(schemas.Rejected{Path: u.path, Line: u.begun.line, Offset: u.begun.offset, Reason: u.problem, Detail: u.detail, Raw: bytes.Clone(u.raw())})
	}
	pairs := 0
	for i, target := range targets {
		source, translation := u.texts[0], u.texts[i+1]
		if source == nil || translation == nil {
			continue
		}
		pairs++
		if blank(source) || blank(translation) {
			r.out.Drop("empty", 1)
			continue
		}
		if len(u.id) == 0 {
			u.id = strconv.AppendInt(append(append(u.id, origin...), ':'), u.number, 10)
		}
		rows.texts(u.id)
		rows.names(b.Languages[0], target)
		rows.texts(source, translation)
		rows.names(origin)
		if err := rows.end(); err != nil {
			return err
		}
	}
	if pairs == 0 {
		r.out.Drop("other_language", 1)
	}
	return nil
}

// mended is a reader of the one unit that a person has written in place of the one that t has just read.
func (t *tmxReader) mended(text []byte) *tmxReader {
	begin := func() *tmxReader {
		return &tmxReader{window: newWindow(bytes.NewReader(text)), path: t.path, codes: t.codes, max: t.max, isTMX: true, ended: true,
			texts: make([][]byte, len(t.codes))}
	}
	u, twin := begin(), begin()
	switch {
	case blank(text): // left out
		u.texts[0], u.texts[1] = []byte{}, []byte{}
	case u.next() != nil:
		u.problem, u.detail = badXML, "there is no unit"
	case twin.next() == nil && twin.next() == nil:
		u.problem, u.detail = badXML, "there is more than one unit"
	}
	u.number, u.begun = t.number, t.begun
	u.kept, u.from = text[:min(len(text), maxRaw)], u.at // all of it is raw
	return u
}

// A tmxReader reads translation units one by one, and holds one at a time. It parses what TMX needs of XML, many
// times faster than encoding/xml, and gives the same texts of all that is well-formed. What is not costs one unit: the
// next is looked for.
type tmxReader struct {
	window
	path    string
	codes   []string // languages that are wanted, as the file calls them
	max     int      // longest text in bytes
	recoded bool     // the file is not in UTF-8, so that offsets in it are unknown

	isTMX bool // the root element has begun
	ended bool // and ended

	number  int64    // of the unit, from 1
	begun   position // where it begins
	problem string   // reason for which it cannot be used, or empty
	detail  string
	id      []byte   // its tuid, if it has one
	texts   [][]byte // by code, nil where the unit lacks the language; valid until the next unit

	open      []int  // where in names those of open elements begin
	names     []byte // one after the other
	native    int    // open elements whose content is no text
	language  int    // index of that of the open tuv, -1 if it is not wanted
	inSegment bool   // a seg is open whose text is wanted
	segment   int    // where in text it begins
	text      []byte // of the unit's segments, one after the other
	scratch   []byte
}

// A position is one in a file.
type position struct{ line, offset int64 }

func newTMXReader(in *input, codes []string, maxText int) (*tmxReader, error) {
	text, recoded, err := xmlText(in)
	if err != nil {
		return nil, err
	}
	t := &tmxReader{window: newWindow(text), path: in.path, codes: codes, max: maxText, recoded: recoded, texts: make([][]byte, len(codes))}
	t.text = make([]byte, 0, 4<<10)
	if t.begins("\ufeff") {
		t.at += len("\ufeff")
	}
	return t, nil
}

// next moves to the next unit, or to what looks like one and has a problem; io.EOF at the end.
func (t *tmxReader) next() error {
	for found := (tag{}); t.skip("<"); {
		t.mark()
		err := t.markup(&found)
		name := found.local
		switch isRoot := string(name) == "tmx"; {
		case err == errCut:
			return t.end()
		case err != nil || string(name) == "tu" && t.isTMX:
			return t.unit(&found, err)
		case found.size == 0:
		case !t.isTMX && !isRoot:
			return fmt.Errorf("reading %s: it is not TMX, its first element is %s", t.path, name)
		default:
			t.isTMX, t.ended = true, t.ended || isRoot && (found.end || found.empty)
			t.at += found.size
		}
	}
	return t.end()
}

// end is what next returns where nothing more can be read.
func (t *tmxReader) end() error {
	switch {
	case t.err != io.EOF:
		return t.failed(t.err)
	case !t.isTMX:
		return fmt.Errorf("reading %s: it is not TMX, it has no element", t.path)
	case !t.ended:
		return t.failed(errors.New("the file ends without </tmx>, as if cut short; nothing before this line is lost"))
	}
	return io.EOF
}

// unit reads the unit whose tag has been found, or deals with what could not be read as a tag.
func (t *tmxReader) unit(found *tag, err error) error {
	t.number++
	t.begun = position{t.line(), t.offset()}
	if t.recoded {
		t.begun.offset = -1
	}
	t.problem, t.detail = "", ""
	switch {
	case err != nil:
		t.at = min(t.at+1, len(t.bytes))
	case found.end:
		t.at += found.size
		t.problem, t.detail = badXML, "a unit ends that has not begun"
	default:
		t.at += found.size
		err = t.readUnit(found)
	}
	wrong, isMalformed := err.(malformed)
	switch {
	case err == nil:
		return nil
	case err == errCut && t.err != io.EOF:
		return t.failed(t.err)
	case !t.isTMX || !isMalformed:
		return t.failed(err)
	}
	t.problem, t.detail = badXML, string(wrong)
	t.resume()
	return nil
}

// resume moves past the end of a unit that is not well-formed: to after </tu>, or to where the next one begins.
func (t *tmxReader) resume() {
	for t.skip("<") {
		switch {
		case t.begins("</tu>"):
			t.at += len("</tu>")
			return
		case t.begins("</tmx"), t.begins("</body"), t.begins("<tu>"), t.begins("<tu "), t.begins("<tu\n"), t.begins("<tu\r"), t.begins("<tu\t"):
			return
		}
		t.at++
	}
}

func (t *tmxReader) failed(err error) error {
	return fmt.Errorf("reading %s: line %d: %w", t.path, t.line(), err)
}
