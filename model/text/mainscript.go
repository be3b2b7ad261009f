package text

import "unicode"

// NoScript is the code of texts without letters, ISO 15924's for characters that scripts share.
const NoScript = "Zyyy"

// mainScripts are the scripts of which MainScript tells letters apart, by their ISO 15924 codes.
var mainScripts = func() map[string]*unicode.RangeTable {
	codes := map[string]*unicode.RangeTable{"Hani": unicode.Han, "Hang": unicode.Hangul, kana: unicode.Hiragana, "Kana": unicode.Katakana}
	for code, tables := range scripts {
		switch code {
		case "Hans", "Hant", "Jpan", "Kore": // several scripts, or one of two
		default:
			codes[code] = tables[0]
		}
	}
	return codes
}()

const kana = "Hira"

// MainScript returns the ISO 15924 code of the script that most letters and marks of s are in, the first in the alphabet of equals;
// Zyyy if there are none, Zzzz if most are in a script that this package does not know. With any kana it is Jpan.
func MainScript(s string) string {
	var latin int
	counts := map[string]int{}
	last := ""
	for _, r := range s {
		switch {
		case r|0x20 >= 'a' && r|0x20 <= 'z':
			latin++
		case r < 0x80 || !unicode.IsLetter(r) && !unicode.IsMark(r) || unicode.In(r, unicode.Common, unicode.Inherited):
		default:
			if last == "" || !unicode.Is(mainScripts[last], r) {
				last = scriptOfLetter(r)
			}
			if last == "" {
				counts["Zzzz"]++
				continue
			}
			counts[last]++
		}
	}
	counts["Latn"] += latin
	if counts[kana]+counts["Kana"] > 0 {
		return "Jpan"
	}
	best := NoScript
	for code, n := range counts {
		if n > counts[best] || n == counts[best] && n > 0 && code < best {
			best = code
		}
	}
	if best == "Hang" {
		return "Kore"
	}
	return best
}

func scriptOfLetter(r rune) string {
	for code, table := range mainScripts {
		if unicode.Is(table, r) {
			return code
		}
	}
	return ""
}
