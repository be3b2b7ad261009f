package sources

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"

	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
)

var declaredEncoding = regexp.MustCompile(`^<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]*)["']`)

// xmlText returns the text of an XML file in UTF-8, and whether it stands there otherwise: in UTF-16 by its first bytes,
// or in what its declaration names. Where a file has become UTF-8 and its declaration still says UTF-16, the bytes win.
func xmlText(in *input) (text io.Reader, recoded bool, err error) {
	const headBytes = 1 << 10
	head, err := in.Peek(headBytes)
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return nil, false, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte("<\x00")):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(in), true, nil
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}), bytes.HasPrefix(head, []byte("\x00<")):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Reader(in), true, nil
	}
	declared := declaredEncoding.FindSubmatch(head)
	if declared == nil {
		return in, false, nil
	}
	name := string(declared[1])
	switch strings.ToLower(name) {
	case "utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be":
		return in, false, nil
	}
	known, err := ianaindex.IANA.Encoding(name)
	if err != nil || known == nil {
		return nil, false, fmt.Errorf("reading %s: it declares the encoding %q, which ferry cannot read; convert it to UTF-8, as iconv does", in.path, name)
	}
	return known.NewDecoder().Reader(in), true, nil
}
