package text

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/language"

	"github.com/ferry-clir/ferry/model/fasttext"
)

// Languages tells languages apart.
type Languages struct {
	model  *fasttext.Model
	labels map[language.Base][]int
}

// NewLanguages takes a classifier whose labels are codes of languages, such as sw or swh_Latn.
func NewLanguages(m *fasttext.Model) *Languages {
	l := &Languages{model: m, labels: map[language.Base][]int{}}
	for i, label := range m.Labels {
		if base, ok := baseOf(strings.ReplaceAll(label, "_", "-")); ok {
			l.labels[base] = append(l.labels[base], i)
		}
	}
	return l
}

// baseOf returns the language of a BCP 47 or ISO 639-3 code, the same for codes that mean the same, such as sw and swh, or tl
// and fil.
func baseOf(code string) (language.Base, bool) {
	tag, err := language.All.Parse(code)
	base, _, _ := tag.Raw()
	return base, err == nil && base.String() != "und"
}

// A Language is the labels that a language has; none if it is not known.
type Language []int

// Of returns the language of a code.
func (l *Languages) Of(code string) Language {
	if base, ok := baseOf(code); ok {
		return l.labels[base]
	}
	return nil
}

// Other is how probable, 0 to 1, the other language is that s is in most probably. Without any letter it is 0, since nothing
// speaks for one. Classifiers are unsure of languages with little text, and divide them among many others; that it is in a
// certain other one they know well.
func (l *Languages) Other(s string, than Language) float64 {
	if !strings.ContainsFunc(s, unicode.IsLetter) {
		return 0
	}
	p := l.model.Probabilities(s)
	for _, label := range than {
		p[label] = 0
	}
	return min(slices.Max(p), 1)
}
