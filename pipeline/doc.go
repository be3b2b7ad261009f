// Package pipeline reads and checks pipeline.yaml, plans its steps, runs them, and remembers what is done.
//
// Vocabulary: a step is one entry of the file (a source, a model, a stage or a sink), or one of its variants, where the
// matrix fans it out; a kind is what a step is an instance of; an edge is a reference from one step to a table or model of
// another; a table is kept as shards, files of record batches; a key is the hash of everything that a step's result depends
// on; a task is one step on one shard.
//
// What needs nothing of that stands in packages below: strict and matrix read the file; tables and content write, read and hash what
// is kept; objects and spark are other machines', host is this one; schedule says when.
//
// Start with Load in file.go, which turns YAML into a Pipeline, then (*Pipeline).Check and Run. The kinds that exist
// stand in kinds.go and nowhere else.
package pipeline
