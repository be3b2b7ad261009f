package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// depthLimit bounds how deep sequences of normalizers and pre-tokenizers may be nested.
const depthLimit = 8

func absent(data json.RawMessage) bool { return len(data) == 0 || bytes.Equal(data, []byte("null")) }

// parseNormalizer returns the normalizers in the order they apply.
func parseNormalizer(data json.RawMessage) ([]normalizer, error) {
	all, err := parseNormalizers(data, 0)
	if err == nil {
		err = checkGrowth(all)
	}
	return all, err
}

func parseNormalizers(data json.RawMessage, depth int) ([]normalizer, error) {
	if absent(data) {
		return nil, nil
	}
	var f struct {
		Type       string            `json:"type"`
		Parts      []json.RawMessage `json:"normalizers"`
		Charsmap   string            `json:"precompiled_charsmap"`
		Pattern    map[string]string `json:"pattern"`
		Content    string            `json:"content"`
		StripLeft  bool              `json:"strip_left"`
		StripRight bool              `json:"strip_right"`
		Prepend    string            `json:"prepend"`
		bertNormalizer
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	switch f.Type {
	case "Sequence":
		return parseSequence(f.Parts, depth, parseNormalizers)
	case "Precompiled":
		m, err := newCharsmap(f.Charsmap)
		if err != nil {
			return nil, err
		}
		return []normalizer{{m.rewrite, m.trace, growth{m.longest(), "Precompiled"}}}, nil
	case "Replace":
		return parseReplace(f.Pattern, f.Content)
	case "Strip":
		return []normalizer{{rewrite: rewriteStrip(f.StripLeft, f.StripRight), trace: traceStrip(f.StripLeft, f.StripRight)}}, nil
	case "Lowercase":
		return []normalizer{byRune(lower)}, nil
	case "Nmt":
		return []normalizer{byRune(nmt)}, nil
	case "BertNormalizer":
		return f.normalizers(), nil
	case "Prepend":
		if err := checkToken("what Prepend puts before a text", f.Prepend); err != nil {
			return nil, err
		}
		return []normalizer{{rewritePrepend(f.Prepend), tracePrepend(f.Prepend), putsIn("Prepend", f.Prepend, 1)}}, nil
	case "ByteLevel":
		return []normalizer{{rewrite: rewriteBytes, trace: traceRunes(appendRuneBytes)}}, nil
	case "StripAccents":
		return []normalizer{byRune(dropMark)}, nil
	}
	forms := map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD}
	if named, ok := forms[f.Type]; ok {
		return []normalizer{form(named)}, nil
	}
	return nil, fmt.Errorf("kind %q is not supported, only BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, "+
		"Precompiled, Prepend, Replace, Sequence, Strip and StripAccents are", f.Type)
}

// parseSequence parses the parts of a Sequence and joins them.
func parseSequence[T any](parts []json.RawMessage, depth int, parse func(json.RawMessage, int) ([]T, error)) ([]T, error) {
	if depth >= depthLimit {
		return nil, fmt.Errorf("sequences are nested more than %d deep", depthLimit)
	}
	if len(parts) > maxParts {
		return nil, fmt.Errorf("a sequence has %d parts, and %d are the limit", len(parts), maxParts)
	}
	var all []T
	for _, part := range parts {
		next, err := parse(part, depth+1)
		if err != nil {
			return nil, err
		}
		if all = append(all, next...); len(all) > maxParts {
			return nil, fmt.Errorf("sequences have more than %d parts together, which is the limit", maxParts)
		}
	}
	return all, nil
}

// parseReplace takes a pattern of the form {"String": text} or {"Regex": expression}.
func parseReplace(pattern map[string]string, content string) ([]normalizer, error) {
	if err := checkToken("what Replace puts in", content); err != nil {
		return nil, err
	}
	if old := pattern["String"]; old != "" {
		return []normalizer{{rewriteString(old, content), traceReplace(literal([]byte(old)).all, content), putsIn("Replace", content, utf8.RuneCountInString(old))}}, nil
	}
	expression := pattern["Regex"]
	if expression == "" {
		return nil, errors.New("replace has no pattern")
	}
	compiled, err := compileExpression(expression)
	if err != nil {
		return nil, fmt.Errorf("Replace: %w", err)
	}
	all := func(text []byte) [][]int { return compiled.FindAllIndex(text, -1) }
	return []normalizer{{rewritePattern(compiled, content), traceReplace(all, content), putsIn("Replace", content, 1)}}, nil
}

// parseSplitter returns the pre-tokenizers in the order they apply.
func parseSplitter(data json.RawMessage) ([]splitter, error) { return parseSplitters(data, 0) }

func parseSplitters(data json.RawMessage, depth int) ([]splitter, error) {
	if absent(data) {
		return nil, nil
	}
	var f struct {
		Type  string            `json:"type"`
		Parts []json.RawMessage `json:"pretokenizers"`
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	switch f.Type {
	case "Sequence":
		return parseSequence(f.Parts, depth, parseSplitters)
	case "WhitespaceSplit":
		return []splitter{splitWhitespace}, nil
	case "BertPreTokenizer":
		return []splitter{splitBert}, nil
	case "Metaspace":
		return parseMetaspace(data)
	case "ByteLevel":
		return parseByteLevel(data)
	case "Split", "Digits", "Punctuation", "Whitespace":
		s, err := parseSplit(f.Type, data)
		return []splitter{s}, err
	}
	return nil, fmt.Errorf("kind %q is not supported, only BertPreTokenizer, ByteLevel, Digits, Metaspace, Punctuation, Sequence, "+
		"Split, Whitespace and WhitespaceSplit are", f.Type)
}

func parseMetaspace(data json.RawMessage) ([]splitter, error) {
	var f struct {
		Mark   string `json:"replacement"`
		Scheme string `json:"prepend_scheme"`
		Prefix *bool  `json:"add_prefix_space"` // what older files have instead
		Split  *bool  `json:"split"`
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(f.Mark) != 1 {
		return nil, fmt.Errorf("replacement %q of Metaspace is not one character", f.Mark)
	}
	m := metaspace{mark: []byte(f.Mark), prefix: f.Scheme, split: f.Split == nil || *f.Split}
	switch f.Scheme {
	case "always", "first", "never":
		if f.Prefix != nil && !*f.Prefix && f.Scheme != "never" {
			return nil, fmt.Errorf("add_prefix_space false of Metaspace contradicts prepend_scheme %q; take one of them out", f.Scheme)
		}
	case "":
		m.prefix = "always"
		if f.Prefix != nil && !*f.Prefix {
			m.prefix = "never"
		}
	default:
		return nil, fmt.Errorf("prepend_scheme %q of Metaspace is none of always, first and never", f.Scheme)
	}
	return []splitter{m.cut}, nil
}

func parseByteLevel(data json.RawMessage) ([]splitter, error) {
	f := struct {
		Prefix   bool `json:"add_prefix_space"`
		UseRegex bool `json:"use_regex"` // which older files do not have
	}{UseRegex: true}
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	b := byteLevel{prefix: f.Prefix}
	if f.UseRegex {
		b.word = gpt2Word
	}
	return []splitter{b.cut}, nil
}
