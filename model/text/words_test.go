package text

import (
	"slices"
	"testing"
)

// TestWords takes its cases from UAX #29, sections 4 and 4.1, and its table of sample boundaries.
func TestWords(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{" ,.!? \t\n", nil},
		{"The quick (“brown”) fox can’t jump 32.3 feet, right?", []string{"The", "quick", "brown", "fox", "can’t", "jump", "32.3", "feet", "right"}},
		{"ki-Swahili, a_b", []string{"ki", "Swahili", "a_b"}},
		{"हिन्दी भाषा", []string{"हिन्दी", "भाषा"}},
		{"ไทย", []string{"ไ", "ท", "ย"}},
		{"中文 カタカナ", []string{"中", "文", "カタカナ"}},
		{"\U0001F600 ok", []string{"ok"}},
	} {
		if got := slices.Collect(Words(c.text)); !slices.Equal(got, c.want) {
			t.Errorf("words of %q are %q, want %q", c.text, got, c.want)
		}
	}
}

func TestIsSpaceless(t *testing.T) {
	for word, want := range map[string]bool{"": false, "word": false, "ไ": true, "中": true, "ञ": false, "한": false, "か": true} {
		if got := IsSpaceless(word); got != want {
			t.Errorf("%q: %v", word, got)
		}
	}
}

func TestMainScript(t *testing.T) {
	for text, want := range map[string]string{
		"": "Zyyy", "12 + 3 = 15": "Zyyy", "Habari ya dunia": "Latn", "नमस्ते FAQ": "Deva", "ok नम": "Deva", "ก": "Thai",
		"漢字": "Hani", "漢字かな": "Jpan", "한국": "Kore", "привет": "Cyrl", "\U00010330\U00010331": "Zzzz", "ab пр": "Cyrl",
	} {
		if got := MainScript(text); got != want {
			t.Errorf("%q is in %s, want %s", text, got, want)
		}
	}
}
