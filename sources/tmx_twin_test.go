package sources

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// A twinUnit is a translation unit as encoding/xml gives it: a text for each code, nil where there is none.
type twinUnit struct {
	id    string
	texts [][]byte
}

// A node is an element. Text is what stands before its first child, tail what follows its end.
type node struct {
	name       string
	attributes []xml.Attr
	text, tail []byte
	children   []*node
}

// errTwin is why the twin does not judge a file: it has what XML allows in no unit, or what TMX does not.
var errTwin = errors.New("not for the twin")

// readTwin reads TMX with encoding/xml, as slowly as it is simple.
func readTwin(in io.Reader, codes []string) ([]twinUnit, error) {
	decoder := xml.NewDecoder(in)
	decoder.Entity = xml.HTMLEntity
	var units []twinUnit
	for isTMX := false; ; {
		token, err := decoder.Token()
		if err == io.EOF && isTMX {
			return units, nil
		}
		if err != nil {
			return units, err
		}
		if d, ok := token.(xml.Directive); ok && (isTMX || !bytes.HasPrefix(d, []byte("DOCTYPE"))) {
			return nil, errTwin
		}
		start, ok := token.(xml.StartElement)
		switch {
		case !ok:
		case !isTMX && start.Name.Local != "tmx":
			return nil, errTwin
		case start.Name.Local == "tu":
			tu, err := readNode(decoder, start)
			if err != nil {
				return units, err
			}
			units = append(units, tu.unit(codes))
		default:
			isTMX = true
		}
	}
}

func readNode(decoder *xml.Decoder, start xml.StartElement) (*node, error) {
	n := &node{name: start.Name.Local, attributes: start.Copy().Attr}
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		switch e := token.(type) {
		case xml.StartElement:
			if e.Name.Local == "tu" {
				return nil, errTwin
			}
			child, err := readNode(decoder, e)
			if err != nil {
				return nil, err
			}
			n.children = append(n.children, child)
		case xml.CharData:
			if last := len(n.children) - 1; last >= 0 {
				n.children[last].tail = append(n.children[last].tail, e...)
			} else {
				n.text = append(n.text, e...)
			}
		case xml.Directive:
			return nil, errTwin
		case xml.EndElement:
			return n, nil
		}
	}
}

func (n *node) value(name string) string {
	for _, a := range n.attributes {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// words is all text in a node but for that of native codes, as lxml's itertext goes through it.
func (n *node) words() []byte {
	text := bytes.Clone(n.text)
	for _, child := range n.children {
		if !strings.Contains(" bpt ept it ph ut ", " "+child.name+" ") {
			text = append(text, child.words()...)
		}
		text = append(text, child.tail...)
	}
	return text
}

func (n *node) unit(codes []string) twinUnit {
	u := twinUnit{id: n.value("tuid"), texts: make([][]byte, len(codes))}
	for _, tuv := range n.children {
		best := -1
		for i, code := range codes {
			language := strings.ReplaceAll(strings.ToLower(tuv.value("lang")), "_", "-")
			fits := language == code || strings.HasPrefix(language, code+"-")
			if fits && (best < 0 || len(code) > len(codes[best])) {
				best = i
			}
		}
		if tuv.name != "tuv" || best < 0 || u.texts[best] != nil {
			continue
		}
		for _, seg := range tuv.children {
			if seg.name == "seg" {
				u.texts[best] = append([]byte{}, bytes.TrimSpace(seg.words())...)
				break
			}
		}
	}
	return u
}
