package text

import (
	"unicode"

	"golang.org/x/text/language"
)

// scripts are the tables of ISO 15924 codes. Some codes stand for several scripts that are written together.
var scripts = map[string][]*unicode.RangeTable{
	"Arab": {unicode.Arabic}, "Armn": {unicode.Armenian}, "Beng": {unicode.Bengali}, "Cans": {unicode.Canadian_Aboriginal},
	"Cher": {unicode.Cherokee}, "Cyrl": {unicode.Cyrillic}, "Deva": {unicode.Devanagari}, "Ethi": {unicode.Ethiopic},
	"Geor": {unicode.Georgian}, "Grek": {unicode.Greek}, "Gujr": {unicode.Gujarati}, "Guru": {unicode.Gurmukhi},
	"Hans": {unicode.Han}, "Hant": {unicode.Han}, "Hebr": {unicode.Hebrew}, "Jpan": {unicode.Han, unicode.Hiragana, unicode.Katakana},
	"Khmr": {unicode.Khmer}, "Knda": {unicode.Kannada}, "Kore": {unicode.Hangul, unicode.Han}, "Laoo": {unicode.Lao},
	"Latn": {unicode.Latin}, "Mlym": {unicode.Malayalam}, "Mong": {unicode.Mongolian}, "Mtei": {unicode.Meetei_Mayek},
	"Mymr": {unicode.Myanmar}, "Nkoo": {unicode.Nko}, "Olck": {unicode.Ol_Chiki}, "Orya": {unicode.Oriya},
	"Sinh": {unicode.Sinhala}, "Syrc": {unicode.Syriac}, "Taml": {unicode.Tamil}, "Telu": {unicode.Telugu},
	"Tfng": {unicode.Tifinagh}, "Thaa": {unicode.Thaana}, "Thai": {unicode.Thai}, "Tibt": {unicode.Tibetan},
}

// A Script is what a language is written in; nil if that is not known.
type Script []*unicode.RangeTable

// written are the scripts of languages that are written in several, none of them wrong.
var written = map[string][]string{
	"az": {"Latn", "Cyrl", "Arab"}, "bs": {"Latn", "Cyrl"}, "ha": {"Latn", "Arab"}, "kk": {"Cyrl", "Latn", "Arab"}, "ks": {"Arab", "Deva"},
	"ku": {"Latn", "Arab"}, "ky": {"Cyrl", "Arab"}, "mn": {"Cyrl", "Mong"}, "ms": {"Latn", "Arab"}, "pa": {"Guru", "Arab"}, "sd": {"Arab", "Deva"},
	"sr": {"Cyrl", "Latn"}, "tg": {"Cyrl", "Arab"}, "tk": {"Latn", "Cyrl"}, "tt": {"Cyrl", "Latn"}, "ug": {"Arab", "Cyrl", "Latn"}, "uz": {"Latn", "Cyrl"},
}

// ScriptOf returns the script of a language by its BCP 47 or ISO 639-3 code: the one that the code names, as in sr-Latn,
// else all that it is written in, as sr is, else the one that CLDR says is likely.
func ScriptOf(code string) Script {
	tag, err := language.Parse(code)
	base, named, _ := tag.Raw()
	if err != nil || base.String() == "und" {
		return nil
	}
	if several := written[base.String()]; several != nil && named.String() == "Zzzz" {
		var all Script
		for _, name := range several {
			all = append(all, scripts[name]...)
		}
		return all
	}
	script, _ := tag.Script()
	return scripts[script.String()]
}

// MixedWord returns the first word of s that mixes Latin and Cyrillic letters, many of which look alike; "" if there is none. A
// word is what stands between characters that are neither letters nor marks.
func MixedWord(s string) string {
	begin, latin, cyrillic := -1, false, false
	for i, r := range s + " " {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			if latin && cyrillic {
				return s[begin:i]
			}
			begin = -1
			continue
		}
		if begin < 0 {
			begin, latin, cyrillic = i, false, false
		}
		latin, cyrillic = latin || unicode.Is(unicode.Latin, r), cyrillic || unicode.Is(unicode.Cyrillic, r)
	}
	return ""
}

// Share is the part of the letters in s that are of the script, 0 to 1. Letters of no script or of several, such as ª or
// ー, do not count; without any letter it is 1, since nothing speaks against s.
func (w Script) Share(s string) float64 {
	letters, own := 0, 0
	for _, r := range s {
		if !unicode.IsLetter(r) || unicode.In(r, unicode.Common, unicode.Inherited) {
			continue
		}
		letters++
		if unicode.In(r, w...) {
			own++
		}
	}
	if letters == 0 {
		return 1
	}
	return float64(own) / float64(letters)
}
