package phrasebook

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"slices"
)

// How many combinations of an intent and of a sentence a language pair gets.
const (
	pairsPerIntent   = 14
	pairsPerSentence = 6
)

// bitext writes English with each other language as Moses pairs of line-aligned files; the German pairs as TSV too
// (English, German, attribution), and the Spanish ones as TMX in a zip.
func bitext() ([]file, error) {
	s, err := readSpeech()
	if err != nil {
		return nil, err
	}
	var files []file
	for l := english + 1; l < len(languages); l++ {
		code := languages[l].code
		name := "phrasebook.en-" + code
		pairs := pairsOf(s, l)
		files = append(files, file{name + ".en", lines(pairs, 0)}, file{name + "." + code, lines(pairs, 1)})
		switch code {
		case "de":
			files = append(files, file{name + ".tsv", tsv(pairs)})
		case "es":
			zipped, err := zipped(name+".tmx", tmx(pairs, code))
			if err != nil {
				return nil, err
			}
			files = append(files, file{name + ".tmx.zip", zipped})
		}
	}
	return files, nil
}

// A pair is a sentence and its translation.
type pair struct {
	id    string
	texts [2]string
}

// pairsOf chooses the pairs of English and language: of what is left for the bitext, each language takes its own part.
func pairsOf(s *speech, language int) []pair {
	code := languages[language].code
	order := func(a, b combination) int { return cmp.Compare(hash(code, a.id), hash(code, b.id)) }
	var chosen []combination
	take := func(groups [][]combination, n int) {
		for _, group := range groups {
			own := slices.SortedFunc(slices.Values(group), order)
			chosen = append(chosen, own[:min(n, len(own))]...)
		}
	}
	take(s.requests, pairsPerIntent)
	requests := len(chosen)
	take(s.sentences, pairsPerSentence)
	pairs := make([]pair, len(chosen))
	for i := range chosen {
		c := &chosen[i]
		pairs[i] = pair{c.id, [2]string{c.text(english), c.text(language)}}
		if i >= requests {
			pairs[i].texts = [2]string{capitalize(c.text(english)), capitalize(c.text(language))}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Compare(hash(code, a.id), hash(code, b.id)) })
	return pairs
}

func lines(pairs []pair, side int) []byte {
	var b bytes.Buffer
	for _, p := range pairs {
		b.WriteString(p.texts[side] + "\n")
	}
	return b.Bytes()
}

func tsv(pairs []pair) []byte {
	var b bytes.Buffer
	for _, p := range pairs {
		fmt.Fprintf(&b, "%s\t%s\tferry phrasebook %s\n", p.texts[0], p.texts[1], p.id)
	}
	return b.Bytes()
}

func tmx(pairs []pair, code string) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	b.WriteString(`<tmx version="1.4"><header creationtool="ferry" creationtoolversion="1" segtype="sentence" o-tmf="none" adminlang="en" srclang="en" datatype="plaintext"></header><body>` + "\n")
	for _, p := range pairs {
		fmt.Fprintf(&b, "<tu tuid=\"phrasebook:%s\">\n", p.id)
		for side, language := range []string{"en", code} {
			fmt.Fprintf(&b, "<tuv xml:lang=%q><seg>", language)
			xml.EscapeText(&b, []byte(p.texts[side])) // a bytes.Buffer never fails
			b.WriteString("</seg></tuv>\n")
		}
		b.WriteString("</tu>\n")
	}
	b.WriteString("</body></tmx>\n")
	return b.Bytes()
}

// zipped returns a zip archive of one file, stored as it is: its bytes do not hang on a compressor's version.
func zipped(name string, content []byte) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("zipping %s: %w", name, err)
	}
	return b.Bytes(), nil
}
