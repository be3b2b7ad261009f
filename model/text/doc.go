// Package text works on texts by themselves: it cleans them, refuses those of no use, finds those that come again, and says
// which share of a split an id falls into. It knows no tables.
//
// Vocabulary: a share is a named part of a split; a salt makes another split of the same ids; a character is a Unicode
// code point; a script is what Unicode says a letter belongs to, such as Latin or Devanagari; shingles are a text's
// sequences of n characters, and a sketch stands for the set of them; mojibake is text that was decoded wrongly.
//
// Start with clean.go. Each file stands for itself.
package text
