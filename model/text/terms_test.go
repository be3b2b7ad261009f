package text

import (
	"slices"
	"strings"
	"testing"
)

func TestTerms(t *testing.T) {
	for s, want := range map[string]string{
		"":                            "",
		"Die Straße, ﬁne & GROẞ!":     "die|straße|fine|groß",
		"habari ya asubuhi":           "habari|ya|asubuhi",
		"मौसम कैसा है?":               "मौसम|कैसा|है",
		"東京都 と 京 abc京":                "東京|京都|と|京|abc|京",
		"ตั้งปลุก 7 โมง":              "ตั้ง|งป|ปลุ|ลุก|7|โม|มง",
		"don't stop 3.14":             "don't|stop|3.14",
		strings.Repeat("\x00\xff", 3): "",
	} {
		if got := strings.Join(slices.Collect(Terms(s)), "|"); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
	for range Terms("one two") {
		break
	}
}
