package sources

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
)

// readTMX reads a pair a translation unit and target language.
func (b *Bitext) readTMX(r reading, rows *rows, p part) error {
	in, err := open(r.ctx, p.file, func(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".tmx") })
	if err != nil {
		return err
	}
	defer in.close()
	codes := []string{b.code(b.Languages[0])}
	for _, target := range p.targets {
		codes = append(codes, b.code(target))
	}
	t := newTMXReader(in, codes, r.maxLine)
	for origin := bare(in.path); ; {
		if err := t.next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := b.putUnit(r, rows, t, p.targets, origin); err != nil {
			return err
		}
	}
}

// putUnit emits the pairs of a unit.
func (b *Bitext) putUnit(r reading, rows *rows, u *tmxReader, targets []string, origin string) error {
	if problem := u.bytes.problem; problem != "" {
		return r.out.Reject(schemas.Rejected{Path: u.path, Line: u.line, Offset: -1, Reason: problem, Raw: bytes.Clone(u.bytes.raw)})
	}
	id := u.id
	if id == "" {
		id = origin + ":" + strconv.Itoa(u.number)
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
		rows.names(id, b.Languages[0], target)
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

// A tmxReader reads translation units one by one, and holds one at a time.
type tmxReader struct {
	path    string
	codes   []string // languages that are wanted, as the file calls them
	bytes   *segmentReader
	decoder *xml.Decoder
	begun   bool

	number int      // of the unit, from 1
	line   int64    // on which it begins
	id     string   // its tuid, if it has one
	texts  [][]byte // by code, nil where the unit lacks the language
}

func newTMXReader(in *input, codes []string, maxText int) *tmxReader {
	segments := &segmentReader{in: in, max: maxText}
	decoder := xml.NewDecoder(segments)
	decoder.Entity = xml.HTMLEntity
	// The bytes are checked to be UTF-8, whatever the declaration says.
	decoder.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	return &tmxReader{path: in.path, codes: codes, bytes: segments, decoder: decoder, texts: make([][]byte, len(codes))}
}

// next moves to the next unit; io.EOF at the end.
func (t *tmxReader) next() error {
	for {
		t.bytes.forget()
		token, err := t.token()
		if err == io.EOF && !t.begun {
			return fmt.Errorf("reading %s: it is not TMX, it has no element", t.path)
		}
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if ok && !t.begun && start.Name.Local != "tmx" {
			return fmt.Errorf("reading %s: it is not TMX, its first element is %s", t.path, start.Name.Local)
		}
		t.begun = t.begun || ok
		if ok && start.Name.Local == "tu" {
			return t.readUnit(start)
		}
	}
}

// readUnit reads what stands between a tu element's tags.
func (t *tmxReader) readUnit(start xml.StartElement) error {
	line, _ := t.decoder.InputPos()
	t.number, t.line, t.id = t.number+1, int64(line), attribute(start, "tuid")
	clear(t.texts)
	var text []byte
	language, codes, inSegment := -1, 0, false
	for {
		token, err := t.token()
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "tuv":
				language = t.wanted(attribute(e, "lang"))
			case "seg":
				inSegment, text = language >= 0, []byte{}
			default:
				codes += nativeCode(e.Name.Local)
			}
		case xml.CharData:
			if inSegment && codes == 0 {
				text = t.append(text, e)
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "seg":
				if inSegment {
					t.texts[language] = append([]byte{}, bytes.TrimSpace(text)...) // empty is not nil
				}
				inSegment = false
			case "tu":
				return nil
			default:
				codes -= nativeCode(e.Name.Local)
			}
		}
	}
}

func (t *tmxReader) append(text, more []byte) []byte {
	if len(text)+len(more) > t.bytes.max {
		t.bytes.problem = lineTooLong
		return text
	}
	return append(text, more...)
}

// nativeCode is 1 for elements whose content is markup of the word processor and not text.
func nativeCode(element string) int {
	switch element {
	case "bpt", "ept", "it", "ph", "ut":
		return 1
	}
	return 0
}

// wanted returns which of the codes a language is, and has no text yet; -1 if none. en-US and en_GB are en.
func (t *tmxReader) wanted(language string) int {
	for i, code := range t.codes {
		if len(language) < len(code) || !strings.EqualFold(language[:len(code)], code) || t.texts[i] != nil {
			continue
		}
		if rest := language[len(code):]; rest == "" || rest[0] == '-' || rest[0] == '_' {
			return i
		}
	}
	return -1
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (t *tmxReader) token() (xml.Token, error) {
	token, err := t.decoder.Token()
	if err == nil || err == io.EOF {
		return token, err
	}
	line, _ := t.decoder.InputPos()
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		err = errors.New(syntax.Msg)
	}
	return nil, fmt.Errorf("reading %s: line %d: %w", t.path, line, err)
}
