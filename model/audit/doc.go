// Package audit measures how a tokenizer treats the texts of a language: into how many tokens it cuts them, what it does not
// know, and what is lost where texts are cut to a length.
//
// Vocabulary: a word is what UAX #29 calls one, if it holds a letter or digit; content tokens are those that stand for the
// text, without special ones; fertility is content tokens a word; a split word is one of several pieces; a group is the texts
// of one language and script.
//
// Start with audit.go.
package audit
