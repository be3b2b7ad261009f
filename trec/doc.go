// Package trec evaluates run files, and compares them, by judgments, all in trec_eval's format and without a pipeline.
//
// Vocabulary: a run is a file of hits by query; a document that is judged with at least the level is relevant; a tie is of hits
// with equal scores, whose order is up to whoever sorts them; a query moved if its value is another one in another run.
//
// Start with evaluate.go, then compare.go.
package trec
