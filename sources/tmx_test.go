package sources

import (
	"archive/zip"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"

	"github.com/ferry-clir/ferry/schemas"
)

// nasty is well-formed TMX with what real files have, and what they might.
const nasty = "\ufeff<?xml version='1.0' encoding=\"UTF-8\" ?>\r\n<!-- <tu> is a unit -->\n" +
	`<!DOCTYPE tmx SYSTEM "tmx14.dtd" [ <!-- it's > --> <!ELEMENT x ANY> <!ATTLIST x y CDATA ">"> ]><?go on?>` +
	`<tmx version="1.4"><header srclang='en'><note>a tu: &lt;tu></note><prop><![CDATA[<tu>]]></prop></header><body>
<tu tuid = "a &amp; b&#x20;&#99;"
	creationdate='2020'><note>n</note><prop type="x">p &nbsp; q</prop>
<tuv xml:lang="EN-us"><seg>one &lt;b&gt; &amp;amp; &quot;&apos;&#65;&#x42;&#x1F600; <bpt i="1">&lt;b <sub>no <ph/>text</sub></bpt>bold<ept i='1'>/b</ept> <hi>kept <it>x</it><x/>too</hi>` + "\r\nline\rend" + `<!-- not --><?nor this?><![CDATA[ <raw> &amp; ` + "\r\n" + `]]]]><ut>x</ut> </seg></tuv>
<tuv lang="sw_TZ"><prop>x</prop><seg >
  moja ><seg>inner</seg>&eacute;` + "\u00a0" + `</seg><seg>second</seg></tuv  ></tu>
<tu/><tu></tu><tu tuid=""><tuv xml:lang="en"/><tuv xml:lang="en"><seg/></tuv><tuv xml:lang="en"><seg>late</seg></tuv><tuv><seg>which</seg></tuv></tu>
<x:tu xmlns:x="y"><x:tuv x:lang="sw"><note><seg>no</seg></note><x:seg>ndiyo</x:seg></x:tuv><tuv xml:lang="swh"><seg>no</seg></tuv><tuv xml:lang="en&#45;GB"><seg>yes</seg></tuv></x:tu>
</body></tmx><!-- end -->
`

// tmxUnits reads all units of a text.
func tmxUnits(in io.Reader, codes []string, max int) (units []twinUnit, problems []string, err error) {
	t, err := newTMXReader(&input{Reader: bufio.NewReaderSize(in, 16), path: "x"}, codes, max)
	if err != nil {
		return nil, nil, err
	}
	for err = t.next(); err == nil; err = t.next() {
		if t.problem != "" {
			problems = append(problems, t.problem+": "+t.detail)
			continue
		}
		u := twinUnit{id: string(t.id)}
		for _, text := range t.texts {
			if text != nil {
				text = append([]byte{}, text...)
			}
			u.texts = append(u.texts, text)
		}
		units = append(units, u)
	}
	if err == io.EOF {
		err = nil
	}
	return units, problems, err
}

// agree fails if the units of a well-formed text are not those that encoding/xml gives.
func agree(t *testing.T, content []byte, codes []string) {
	t.Helper()
	want, err := readTwin(bytes.NewReader(content), codes)
	if err != nil {
		return
	}
	got, problems, err := tmxUnits(bytes.NewReader(content), codes, defaultMaxLine)
	if err != nil || len(problems) > 0 || !reflect.DeepEqual(got, want) {
		printed := fmt.Sprintf("%q", want)
		if strings.Contains(printed, "\ufffd") || bytes.Contains(content, []byte("ENTITY")) {
			return // half a surrogate pair by number, which encoding/xml replaces; entities, of which it knows nothing
		}
		t.Errorf("%q\n has the units\n%q\n rejected %q, error %v; encoding/xml gives\n%s", content, got, problems, err, printed)
	}
}

func TestTMXNasty(t *testing.T) {
	codes := []string{"en", "sw"}
	want, err := readTwin(strings.NewReader(nasty), codes)
	if err != nil || len(want) != 5 {
		t.Fatalf("encoding/xml gives %d units, %v", len(want), err)
	}
	agree(t, []byte(nasty), codes)
	for name, r := range map[string]io.Reader{
		"byte by byte": iotest.OneByteReader(strings.NewReader(nasty)),
		"UTF-16LE":     recoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nasty[len("\ufeff"):]),
		"UTF-16BE":     recoded(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM), nasty[len("\ufeff"):]),
		"no mark":      recoded(t, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), nasty[len("\ufeff"):]),
	} {
		got, problems, err := tmxUnits(r, codes, defaultMaxLine)
		if err != nil || len(problems) > 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, rejected %q, error %v", name, got, problems, err)
		}
	}
}

// TestTMXCut cuts the nasty file at every byte: what is whole before the cut is read, and the cut is told.
func TestTMXCut(t *testing.T) {
	codes := []string{"en", "sw"}
	whole, _, _ := tmxUnits(strings.NewReader(nasty), codes, defaultMaxLine)
	for n := range strings.LastIndex(nasty, "</tmx>") + len("</tmx") {
		got, problems, err := tmxUnits(strings.NewReader(nasty[:n]), codes, defaultMaxLine)
		units := strings.Count(strings.ReplaceAll(nasty[:n], "<tu/>", "</tu>"), "</tu>") + strings.Count(nasty[:n], "</x:tu>")
		if err == nil || len(problems) > 1 || len(got) != units || len(got) > 0 && !reflect.DeepEqual(got, whole[:len(got)]) {
			t.Fatalf("of %q, %d units of %d, rejected %q, error %v", nasty[:n], len(got), units, problems, err)
		}
	}
}

// TestTMXHuge puts pieces of 8 MB between good units: the window does not hold them.
func TestTMXHuge(t *testing.T) {
	const limit = 100 << 10
	huge := strings.Repeat("01234567", 1<<20)
	unit := func(text string) string {
		return `<tu><tuv xml:lang="en"><seg>one</seg></tuv><tuv lang="sw"><seg>` + text + "</seg></tuv></tu>\n"
	}
	for name, c := range map[string]struct{ piece, want string }{
		"comment":            {"<!--" + huge + "-->", ""},
		"instruction":        {"<?" + huge + "?>", ""},
		"data":               {"<![CDATA[" + huge + "]]>", ""},
		"text":               {huge, ""},
		"note":               {"<tu><note>" + huge + "</note>" + unit("x")[len("<tu>"):], ""},
		"code":               {unit("<ph>" + huge + "</ph>"), ""},
		"comment in a text":  {unit("<!--" + huge + "-->"), ""},
		"segment":            {unit(huge), "line_too_long: "},
		"segment in pieces":  {unit(strings.Repeat("<hi>0123</hi>", 1<<18)), "line_too_long: "},
		"segment of data":    {unit("<![CDATA[" + huge + "]]>"), "line_too_long: "},
		"attribute":          {"<tu x='" + huge + "'></tu>", "bad_xml: markup of more than 102400 bytes"},
		"name":               {"<" + "a" + huge + "/>", "bad_xml: markup of more than 102400 bytes"},
		"tag in a unit":      {"<tu><tuv lang='" + huge + "'></tuv></tu>", "bad_xml: markup of more than 102400 bytes"},
		"elements in a unit": {"<tu>" + strings.Repeat("<a></a>", 1<<20) + "</tu>", ""},
	} {
		content := "<tmx>" + unit("moja") + c.piece + unit("tatu") + "</tmx>"
		r, err := newTMXReader(&input{Reader: bufio.NewReader(strings.NewReader(content)), path: "x"}, []string{"en", "sw"}, limit)
		problems, last := "", ""
		for err == nil {
			if err = r.next(); err == nil && r.problem != "" {
				problems += r.problem + ": " + r.detail
			} else if err == nil {
				last = string(r.texts[1])
			}
		}
		if err != io.EOF || problems != c.want || last != "tatu" {
			t.Errorf("%s: %q, the last text is %q, %v", name, problems, last, err)
		}
		if held := cap(r.bytes) + cap(r.text) + cap(r.names) + cap(r.kept); held > 2<<20 {
			t.Errorf("%s: %d bytes are held", name, held)
		}
	}
}

// TestTMXPublishedTwin reads every published file with both readers.
func TestTMXPublishedTwin(t *testing.T) {
	files, _ := filepath.Glob(string(data(t, "bitext/tico19/*.tmx.zip")))
	for _, file := range files {
		content := unzipped(t, file)
		codes := []string{"en", strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "all.en-"), ".tmx.zip")}
		if units, err := readTwin(bytes.NewReader(content), codes); err != nil || len(units) != 3071 {
			t.Fatalf("%s: %d units, %v", file, len(units), err)
		}
		agree(t, content, codes)
	}
}

// FuzzTMX checks that all well-formed TMX gives what encoding/xml gives, that reading anything ends, and that what comes
// of it is text of the allowed length.
func FuzzTMX(f *testing.F) {
	f.Add([]byte(nasty))
	f.Add([]byte(`<tmx><body><tu tuid="1"><tuv xml:lang="en"><seg>a<bpt>x</bpt></seg></tuv><tuv lang="sw"><seg>b</seg></tuv></tu></body></tmx>`))
	f.Add([]byte("<tmx><tu><tuv lang='en'><seg>\xff\x00&amp;&#65;" + strings.Repeat("long ", 30) + "</seg></tuv></tu></tmx>"))
	f.Add([]byte("<!DOCTYPE tmx [<!ENTITY a \"b\">]><tmx><!-- <tu> --><tu></tmx>"))
	f.Add([]byte("<tmx><tu></tuv></tu><tu <tu><tu x=1></tu></tu></tmx>"))
	codes := []string{"en", "sw"}
	f.Fuzz(func(t *testing.T, content []byte) {
		agree(t, content, codes)
		const limit = 50
		r, err := newTMXReader(&input{Reader: bufio.NewReaderSize(bytes.NewReader(content), 16), path: "x"}, codes, limit)
		for units := 0; err == nil && r.next() == nil; units++ {
			if units > len(content) {
				t.Fatal("more units than bytes")
			}
			if len(r.raw()) > maxRaw || r.problem == "" && len(r.raw()) == 0 {
				t.Fatalf("%d raw bytes", len(r.raw()))
			}
			for _, text := range r.texts {
				if r.problem == "" && (!utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 || len(text) > limit) {
					t.Fatalf("unit %d has the text %q", r.number, text)
				}
			}
		}
	})
}

// unzipped is the content of an archive's only file.
func unzipped(t testing.TB, file string) []byte {
	t.Helper()
	archive, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	r, err := archive.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// recoded is text in another encoding.
func recoded(t *testing.T, e encoding.Encoding, text string) io.Reader {
	t.Helper()
	bytes, err := e.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReader(bytes)
}

// TestIsXML compares the quick check of a text with the definition, for every character in every place of a word.
func TestIsXML(t *testing.T) {
	slow := func(text []byte) bool {
		for rest := text; len(rest) > 0; {
			char, size := utf8.DecodeRune(rest)
			control := char < ' ' && char != '\t' && char != '\n' && char != '\r'
			if char == utf8.RuneError && size == 1 || control || char == 0xfffe || char == 0xffff {
				return false
			}
			rest = rest[size:]
		}
		return true
	}
	check := func(piece ...byte) {
		for place := range 9 {
			text := append(append(bytes.Repeat([]byte("x"), place), piece...), "12345678"[place/2:]...)
			if got := isXML(text); got != slow(text) {
				t.Fatalf("%q: %v", text, got)
			}
		}
	}
	for char := range rune(utf8.MaxRune + 1) {
		if char < 0x3000 || char >= 0xd000 && char < 0x10100 || char%997 == 0 {
			check(utf8.AppendRune(nil, char)...)
		}
	}
	for lead := range 256 {
		for _, second := range []byte{0, 'a', 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff} {
			for _, third := range []byte{'a', 0x7f, 0x80, 0xbe, 0xbf, 0xc0} {
				check(byte(lead), second, third)
				check(byte(lead), second, third, 0x80)
			}
		}
	}
}

// TestMendedUnit reads what a person has written in place of a unit.
func TestMendedUnit(t *testing.T) {
	content := "<tmx><body>\n<tu><tuv lang='en'><seg>noon</tuv></tu><tu><tuv lang='en'><seg>day</seg></tuv><tuv lang='sw'><seg>siku</seg></tuv></tu></body></tmx>"
	good := "<tu tuid='7'><tuv lang='en'>\n<seg>noon</seg></tuv><tuv lang='sw'><seg>adhuhuri</seg></tuv></tu>"
	for _, c := range []struct{ mended, want string }{
		{good, "7=noon|adhuhuri p.tmx:2=day|siku"},
		{strings.Replace(good, " tuid='7'", "", 1), "p.tmx:1=noon|adhuhuri p.tmx:2=day|siku"},
		{"  ", "p.tmx:2=day|siku -empty"},
		{"<tu/>", "p.tmx:2=day|siku -other_language"},
		{"noon", "p.tmx:2=day|siku !bad_xml: there is no unit: noon"},
		{good + good, "p.tmx:2=day|siku !bad_xml: there is more than one unit: " + good + good},
		{good[:20], "p.tmx:2=day|siku !bad_xml: the file ends within the unit: " + good[:20]},
	} {
		t.Chdir(t.TempDir())
		write(t, "p.tmx", []byte(content), 0)
		b := NewBitext()
		b.Path, b.Languages = []schemas.Path{"p.tmx"}, []string{"en", "sw"}
		var got, other []string
		err := b.Read(t.Context(), "pairs", schemas.Output{
			Allocator: memory.DefaultAllocator,
			Emit: func(batch arrow.RecordBatch) error {
				for i := range int(batch.NumRows()) {
					got = append(got, batch.Column(0).ValueStr(i)+"="+batch.Column(3).ValueStr(i)+"|"+batch.Column(4).ValueStr(i))
				}
				return nil
			},
			Reject: func(r schemas.Rejected) error {
				other = append(other, "!"+r.Reason+": "+r.Detail+": "+string(r.Raw))
				if r.Line != 2 || r.Offset != 12 {
					t.Errorf("%q is at %d, %d", c.mended, r.Line, r.Offset)
				}
				return nil
			},
			Drop:   func(reason string, n int64) { other = append(other, "-"+reason) },
			Mended: func(path string) map[int64][]byte { return map[int64][]byte{12: []byte(c.mended)} },
		})
		if got := strings.Join(append(got, other...), " "); err != nil || got != c.want {
			t.Errorf("%q becomes\n%s, %v, want\n%s", c.mended, got, err, c.want)
		}
	}
}
