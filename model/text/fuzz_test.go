package text

import (
	"strings"
	"testing"
)

// FuzzComparable compares texts in one form only, and finds what is wrong with a text within it, whatever its bytes are.
func FuzzComparable(f *testing.F) {
	for _, s := range []string{"Set an alarm!", "İSTANBUL ﬁ", "ß“ » é »", "donâ€™t", "the sаme", "\xff\xc3", "e\u0301\u200D\u00AD.", "ǅ Ⅷ ﷺ", "\u0130\u0301 \u1FBC\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Comparable(s)
		if again := Comparable(once); again != once {
			t.Errorf("%q becomes %q, and that %q", s, once, again)
		}
		for _, part := range []string{Mojibake(s), MixedWord(s)} {
			if !strings.Contains(s, part) {
				t.Errorf("%q is not in %q", part, s)
			}
		}
	})
}
