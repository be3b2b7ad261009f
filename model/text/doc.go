// Package text decides about texts by themselves: which share of a split an id falls into. It knows no tables.
//
// Vocabulary: a share is a named part of a split; a salt makes another split of the same ids.
//
// Start with split.go.
package text
