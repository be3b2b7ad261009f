package stages

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/sourcegraph/conc/iter"

	"github.com/ferry-clir/ferry/model/text"
	"github.com/ferry-clir/ferry/schemas"
)

// A problem is what is wrong with a text by itself.
type problem struct{ severity, rule, detail string }

// A lookedAt is a text that was looked at: what is wrong with it, and what it is compared by.
type lookedAt struct {
	problems []problem
	empty    bool
	words    bool // there is something to compare
	digest   [16]byte
	sketch   *text.Sketch // nil if near ones are not looked for
}

// look looks at texts of a batch, the sides of the rows given, by several workers: with check at what is wrong with them, and
// with compare at what near texts are found by.
func (r *linting) look(batch arrow.RecordBatch, rows []int, check, compare bool) [][]lookedAt {
	looked := make([][]lookedAt, len(rows))
	parts := comparedTexts(batch)
	iter.Iterator[[]lookedAt]{MaxGoroutines: r.job.Workers}.ForEachIdx(looked, func(n int, sides *[]lookedAt) {
		row := parts(rows[n])
		*sides = make([]lookedAt, len(row))
		for s, part := range row {
			one := &(*sides)[s]
			one.empty = strings.TrimSpace(part.Text) == ""
			if check {
				one.problems = r.problems(part)
			}
			if compared := text.Comparable(part.Text); compared != "" {
				one.words, one.digest = true, text.Digest(text.Part{Text: compared})
				if compare && r.Near > 0 {
					one.sketch = text.NewSketch()
					one.sketch.Add(text.Part{Text: compared}, r.Shingle)
				}
			}
		}
	})
	return looked
}

// comparedTexts are the texts of a batch's rows: the sides of pairs; of documents the text, or the title where there is none.
func comparedTexts(batch arrow.RecordBatch) func(i int) []text.Part {
	sides, titled := textSides(batch.Schema()), batch.Schema().HasField(schemas.Title)
	return func(i int) []text.Part {
		parts := make([]text.Part, len(sides))
		for s, side := range sides {
			parts[s] = text.Part{Language: texts(batch, side.language).Value(i), Text: texts(batch, side.text).Value(i)}
			if titled && strings.TrimSpace(parts[s].Text) == "" {
				parts[s].Text = texts(batch, schemas.Title).Value(i)
			}
		}
		return parts
	}
}

// problems are what is wrong with a text, but for being empty.
func (r *linting) problems(p text.Part) []problem {
	var all []problem
	script := text.ScriptOf(p.Language)
	if share := script.Share(p.Text); script != nil && share < r.MinScript {
		all = append(all, problem{schemas.SeverityWarning, schemas.WrongScript, fmt.Sprintf("%.0f %% of its letters are in the script of %s: %q", 100*share, p.Language, excerpt(p.Text))})
	}
	if word := text.MixedWord(p.Text); word != "" {
		all = append(all, problem{schemas.SeverityInfo, schemas.MixedScript, fmt.Sprintf("%q is written %+q", excerpt(word), excerpt(word))})
	}
	if strings.Contains(p.Text, replacement) {
		all = append(all, problem{schemas.SeverityWarning, schemas.ReplacementMark, around(p.Text, replacement)})
	}
	if bad := text.Mojibake(p.Text); bad != "" {
		all = append(all, problem{schemas.SeverityWarning, schemas.Mojibake, around(p.Text, bad)})
	}
	return all
}

// replacement is the character that decoders put in place of what they cannot read.
const replacement = "\uFFFD"

// hasLetters tells whether there is something to translate.
func hasLetters(s string) bool { return strings.ContainsFunc(s, unicode.IsLetter) }

// shown is the number of characters of a text that findings quote.
const shown = 80

// excerpt is the beginning of a text.
func excerpt(s string) string {
	if r := []rune(s); len(r) > shown {
		return string(r[:shown]) + "..."
	}
	return clone(s)
}

// around quotes the part of a text around what is wrong in it.
func around(s, bad string) string {
	at := strings.Index(s, bad)
	before := []rune(s[:at])
	return fmt.Sprintf("%q", excerpt(string(before[max(0, len(before)-shown/4):])+s[at:]))
}
