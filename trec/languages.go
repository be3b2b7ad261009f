package trec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/model/measure"
)

// unseenLanguages are those that measures count documents of, until a document is seen whose id begins with one.
type unseenLanguages struct {
	measures map[string][]string // by language
	other    string              // the least id, as an example of those that begin otherwise
}

func newUnseenLanguages(measures []measure.Measure) *unseenLanguages {
	u := &unseenLanguages{measures: map[string][]string{}}
	for _, m := range measures {
		if m.Language != "" {
			u.measures[m.Language] = append(u.measures[m.Language], m.String())
		}
	}
	return u
}

// see takes note of a document of the run or of the judgments.
func (u *unseenLanguages) see(document string) {
	if len(u.measures) == 0 {
		return
	}
	language, _, _ := strings.Cut(document, ":")
	delete(u.measures, language)
	if u.other == "" || document < u.other {
		u.other = strings.Clone(document)
	}
}

// warnings are of measures that are 0 for lack of ids, which tell the language of a document in a run file.
func (u *unseenLanguages) warnings(run string) (warnings []string) {
	for _, language := range slices.Sorted(maps.Keys(u.measures)) {
		warnings = append(warnings, fmt.Sprintf("no document of %s or of the judgments has an id that begins with %s:, so that %s finds none; ids are like %q",
			run, language, strings.Join(u.measures[language], ", "), u.other))
	}
	return warnings
}
