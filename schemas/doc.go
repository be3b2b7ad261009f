// Package schemas holds what every part of ferry must agree on: the Arrow schema of each table, the names of its
// columns, and the few small types that stand between a component and the pipeline that runs it.
//
// Vocabulary: a table is a sequence of record batches of one schema; a column is named by a constant here and by
// nothing else; a mistake is something wrong with a configuration; a rejected row is one that could not be used;
// an output is where a component puts its rows.
//
// Start with tables.go. The package imports nothing of ferry's.
package schemas
