// Package stages turns tables and models into other tables and models: split, clean, deduplicate, shuffle, chunk, tokenize, train,
// distill, embed, search, evaluate. A stage unwraps Arrow columns into slices, calls package model, and wraps the result;
// what it computes is described there.
//
// Vocabulary: a job is one run of a stage over its inputs; an input is named by the YAML key that refers to it; a
// row-wise stage may be run on one shard of its input at a time; the other stages see whole tables.
//
// Start with job.go. Each kind has a file of its own: a struct whose fields are its keys in pipeline.yaml.
package stages
