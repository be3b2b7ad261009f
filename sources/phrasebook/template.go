package phrasebook

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A part of a template is literal text or, where slot is set, a place for a filler.
type part struct {
	text     string
	slot     string
	form     int    // which form of the filler, from 0
	optional string // slot whose absence drops this part; empty: never dropped
}

// A template is a sentence with slots in every language.
type template struct {
	parts    [len(languages)][]part
	slots    []string // in English order
	optional []string // those of slots that may be left out
}

// parseTemplate reads "text {slot} text {slot/2}[ optional {slot} text]" in every language; all must use the same slots.
func parseTemplate(row texts) (template, error) {
	var t template
	for l, text := range row {
		parts, err := parseParts(text)
		if err != nil {
			return t, fmt.Errorf("reading %q: %w", text, err)
		}
		t.parts[l] = parts
		var slots, optional []string
		for _, p := range parts {
			if p.slot != "" {
				slots = append(slots, p.slot)
				if p.optional != "" {
					optional = append(optional, p.slot)
				}
			}
		}
		if l == english {
			t.slots, t.optional = slots, optional
		}
		if !sameSet(slots, t.slots) || !sameSet(optional, t.optional) {
			return t, fmt.Errorf("reading %q: its slots differ from those of %q", text, row[english])
		}
	}
	return t, nil
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func parseParts(text string) ([]part, error) {
	var parts []part
	group := -1 // index of the first part of the open optional group
	for text != "" {
		i := strings.IndexAny(text, "{[]")
		if i < 0 {
			i = len(text)
		}
		if i > 0 {
			parts = append(parts, part{text: text[:i]})
			text = text[i:]
			continue
		}
		switch text[0] {
		case '[':
			group, text = len(parts), text[1:]
		case ']':
			if err := closeGroup(parts, group); err != nil {
				return nil, err
			}
			group, text = -1, text[1:]
		case '{':
			inside, rest, closed := strings.Cut(text[1:], "}")
			name, form, formed := strings.Cut(inside, "/")
			n := 1
			var err error
			if formed {
				n, err = strconv.Atoi(form)
			}
			if !closed || err != nil || n < 1 {
				return nil, fmt.Errorf("bad slot at %q", text)
			}
			parts, text = append(parts, part{slot: name, form: n - 1}), rest
		}
	}
	if group >= 0 {
		return nil, fmt.Errorf("an optional part is not closed")
	}
	return parts, nil
}

// closeGroup marks the parts from first on as optional; exactly one of them must be a slot.
func closeGroup(parts []part, first int) error {
	if first < 0 {
		return fmt.Errorf("] without [")
	}
	slot := ""
	for _, p := range parts[first:] {
		if p.slot != "" {
			if slot != "" {
				return fmt.Errorf("an optional part has two slots")
			}
			slot = p.slot
		}
	}
	if slot == "" {
		return fmt.Errorf("an optional part has no slot")
	}
	for i := range parts[first:] {
		parts[first+i].optional = slot
	}
	return nil
}
