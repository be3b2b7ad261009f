// Package tables keeps tables in files: it cuts them into shards, writes and reads those, and checks and shows files of rows that
// anybody may have written or damaged.
//
// Vocabulary: a shard is a part of a table, in an Arrow file; a batch is rows in memory, an Arrow record batch; what is written and
// where it is cut depends on the rows alone.
//
// Start with shard.go, then writer.go.
package tables
