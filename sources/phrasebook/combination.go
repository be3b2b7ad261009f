package phrasebook

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A combination is a template with some of its optional parts and a filler for each slot that is left.
type combination struct {
	intent, domain string
	template       *template
	slots          []filled // in English order
	id             string   // 16 digits, the same in every language
	order          uint64   // place in every shuffle: a hash of what the combination is
}

type filled struct {
	slot, label string
	entry       *texts
}

// A piece of an utterance is literal text, or the filler of slots[slot].
type piece struct {
	text string
	slot int // -1: literal
}

// render returns the utterance of c in a language.
func (c *combination) render(language int) []piece {
	var pieces []piece
	for _, p := range c.template.parts[language] {
		if p.optional != "" && c.find(p.optional) < 0 {
			continue
		}
		if p.slot == "" {
			pieces = append(pieces, piece{p.text, -1})
			continue
		}
		i := c.find(p.slot)
		pieces = append(pieces, piece{form(c.slots[i].entry[language], p.form), i})
	}
	return pieces
}

func (c *combination) find(slot string) int {
	return slices.IndexFunc(c.slots, func(f filled) bool { return f.slot == slot })
}

// repeats tells whether two slots have the same filler.
func (c *combination) repeats() bool {
	for i := range c.slots {
		for j := range i {
			if c.slots[i].entry == c.slots[j].entry {
				return true
			}
		}
	}
	return false
}

func (c *combination) text(language int) string {
	var b strings.Builder
	for _, p := range c.render(language) {
		b.WriteString(p.text)
	}
	return b.String()
}

// combinations returns up to most combinations of templates: every variant in turn gives one, so that no variant with
// many fillers crowds out the others. A combination whose text in any language is in seen is left out; the others are added.
func combinations(intent, domain string, templates []template, lexicons map[string]lexicon, most int, seen map[string]bool) []combination {
	var variants [][]combination
	for t := range templates {
		for mask := range 1 << len(templates[t].optional) {
			variants = append(variants, fill(intent, domain, &templates[t], t, mask, lexicons))
		}
	}
	var chosen []combination
	for len(variants) > 0 && len(chosen) < most {
		for v, variant := range variants {
			if len(variant) == 0 {
				continue
			}
			variants[v] = variant[1:]
			if c := variant[0]; isNew(&c, seen) {
				chosen = append(chosen, c)
			}
		}
		variants = slices.DeleteFunc(variants, func(v []combination) bool { return len(v) == 0 })
	}
	slices.SortFunc(chosen, byOrder)
	return chosen
}

func byOrder(a, b combination) int { return cmp.Compare(a.order, b.order) }

// isNew tells whether no text of c was seen, and if so marks them as seen.
func isNew(c *combination, seen map[string]bool) bool {
	var keys [len(languages)]string
	for l := range languages {
		keys[l] = languages[l].code + "\t" + c.text(l)
		if seen[keys[l]] {
			return false
		}
	}
	for _, key := range keys {
		seen[key] = true
	}
	return true
}

// fill returns every combination of one variant, shuffled; bit i of mask keeps optional slot i.
func fill(intent, domain string, t *template, index, mask int, lexicons map[string]lexicon) []combination {
	var slots []string
	for _, s := range t.slots {
		if i := slices.Index(t.optional, s); i < 0 || mask>>i&1 == 1 {
			slots = append(slots, s)
		}
	}
	total := 1
	for _, s := range slots {
		total *= len(lexicons[s].entries)
	}
	var all []combination
	for n := range total {
		c := combination{intent: intent, domain: domain, template: t, slots: make([]filled, len(slots))}
		key := []string{intent, strconv.Itoa(index), strconv.Itoa(mask)}
		for i, s := range slots {
			l := lexicons[s]
			entry := &l.entries[n%len(l.entries)]
			n /= len(l.entries)
			c.slots[i] = filled{slot: s, label: l.label, entry: entry}
			key = append(key, entry[english])
		}
		if c.repeats() {
			continue
		}
		c.order = hash(key...)
		c.id = strconv.FormatUint(1e15+c.order%9e15, 10)
		all = append(all, c)
	}
	slices.SortFunc(all, byOrder)
	return all
}

// hash is FNV-1a over the words, mixed by the finalizer of splitmix64 so that every bit counts in comparisons.
func hash(words ...string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(strings.Join(words, "/")))
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// capitalize returns s with its first letter in upper case, behind an opening ¿ or ¡.
func capitalize(s string) string {
	head := len(s) - len(strings.TrimLeft(s, "¿¡"))
	_, n := utf8.DecodeRuneInString(s[head:])
	return s[:head] + strings.ToUpper(s[head:head+n]) + s[head+n:]
}
