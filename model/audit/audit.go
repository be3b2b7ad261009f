package audit

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ferry-clir/ferry/model/text"
	"github.com/ferry-clir/ferry/model/tokenizer"
)

// A Group is what texts are measured by: their language, as the caller names it, and the script of most of their letters.
type Group struct {
	Language string
	Script   string // ISO 15924 code, such as Latn; Jpan for texts with kana, Zyyy for those without letters
}

// Counts are sums over the texts of a group.
type Counts struct {
	Texts      int64
	Words      int64
	Tokens     int64 // content tokens, before anything is cut off
	Unknown    int64 // of those, the unknown token
	Bytes      int64
	Characters int64 // Unicode code points
	Cut        int64 // texts that lose tokens
	Lost       int64 // content tokens that they lose
	seen       text.Tally
}

// An Audit measures texts with one tokenizer. Its memory grows with the number of groups, and up to distinctWords for each of
// them. One goroutine at a time may use it; several may fill Audits of their own, which Merge joins.
type Audit struct {
	tokenizer *tokenizer.Tokenizer
	maxTokens int
	groups    map[Group]*Counts
	ids       []int32
}

// New returns an Audit for texts that are cut to maxTokens tokens, special ones included.
func New(t *tokenizer.Tokenizer, maxTokens int) *Audit {
	return &Audit{tokenizer: t, maxTokens: maxTokens, groups: map[Group]*Counts{}}
}

// Add measures a text.
func (a *Audit) Add(language, s string) {
	id := Group{language, text.MainScript(s)}
	c := a.groups[id]
	if c == nil {
		id.Language = strings.Clone(language)
		c = &Counts{seen: text.Tally{}}
		a.groups[id] = c
	}
	a.ids = a.tokenizer.Encode(a.ids[:0], s)
	c.Texts++
	c.Bytes += int64(len(s))
	c.Characters += int64(utf8.RuneCountInString(s))
	for _, id := range a.ids {
		if a.tokenizer.IsSpecial(id) {
			continue
		}
		c.Tokens++
		if id == a.tokenizer.UnknownID() {
			c.Unknown++
		}
	}
	if lost := len(a.ids) - a.maxTokens; lost > 0 {
		c.Cut++
		c.Lost += int64(lost)
	}
	for word := range text.Words(s) {
		if c.Words++; len(word) <= longestWord {
			c.seen.Add(word, 1)
		}
	}
}

// Merge adds what another Audit has counted, with the same tokenizer and length.
func (a *Audit) Merge(other *Audit) {
	for id, from := range other.groups {
		to := a.groups[id]
		if to == nil {
			to = &Counts{seen: text.Tally{}}
			a.groups[id] = to
		}
		to.Texts += from.Texts
		to.Words += from.Words
		to.Tokens += from.Tokens
		to.Unknown += from.Unknown
		to.Bytes += from.Bytes
		to.Characters += from.Characters
		to.Cut += from.Cut
		to.Lost += from.Lost
		to.seen.Merge(from.seen, distinctWords)
	}
}

// Groups lists the groups in the order of their languages, then scripts.
func (a *Audit) Groups() []Group {
	return slices.SortedFunc(maps.Keys(a.groups), func(x, y Group) int {
		if c := strings.Compare(x.Language, y.Language); c != 0 {
			return c
		}
		return strings.Compare(x.Script, y.Script)
	})
}

// Counts returns the sums of a group.
func (a *Audit) Counts(id Group) Counts { return *a.groups[id] }
