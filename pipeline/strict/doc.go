// Package strict reads YAML into structs and misses nothing: every key must exist, every value must have the right type,
// every variable must be set, and all that is wrong is told at once, each with its line and column.
//
// Vocabulary: a node is a piece of the document with its position; a mistake is something wrong at a node; a finding
// list, Found, gathers them; where is the dotted path of a key, such as stages.hits.top.
//
// Start with Parse, then Decoder. It knows nothing of pipelines.
package strict
