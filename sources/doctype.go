package sources

import (
	"bytes"
	"fmt"
)

// parseDoctype returns how long the <!DOCTYPE ...> is with which the text begins; 0 if the text ends before it does.
// What it declares is of no use here, but a file that declares entities is refused: they can be made to fill the memory,
// or to read other files.
func parseDoctype(b []byte) (int, error) {
	var starts []int // of declarations that are open
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"', '\'':
			n := bytes.IndexByte(b[i+1:], b[i])
			if n < 0 {
				return 0, nil
			}
			i += n + 1
		case '<':
			if bytes.HasPrefix(b[i:], []byte("<!--")) {
				n := bytes.Index(b[i:], []byte("-->"))
				if n < 0 {
					return 0, nil
				}
				i += n + 2
				continue
			}
			starts = append(starts, i)
		case '>':
			if err := checkDeclaration(b[starts[len(starts)-1]:i]); err != nil {
				return 0, err
			}
			if starts = starts[:len(starts)-1]; len(starts) == 0 {
				return i + 1, nil
			}
		}
	}
	return 0, nil
}

// checkDeclaration lets an entity pass that XML has anyway, and one that only DTDs can name if its value stands there.
// The DTD of TMX has both.
func checkDeclaration(b []byte) error {
	words := bytes.Fields(b)
	if len(words) < 3 || string(words[0]) != "<!ENTITY" {
		return nil
	}
	switch string(words[1]) {
	case "lt", "gt", "amp", "apos", "quot":
		return nil
	case "%":
		if len(words) > 3 && (words[3][0] == '"' || words[3][0] == '\'') {
			return nil
		}
		words = words[1:]
	}
	return fmt.Errorf("it declares the entity %.40s, and no entity is expanded, since that can fill the memory or read other files; write out what it stands for, and remove the declaration", words[1])
}
