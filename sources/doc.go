// Package sources opens published data sets and the user's own files, and yields their rows as Arrow record batches.
//
// Vocabulary: a layout is the way in which a publisher lays out files and columns; a table is what a source offers
// (documents, passages, queries, judgments, triples, pairs, vectors, token_vectors, hits); a rejected row is one that cannot be
// used and goes to quarantine with file and line; a dropped row is one that is left out on purpose, and counted; an
// origin is the file that a pair came from.
//
// Start with mtop.go, which shows what every kind looks like: a struct whose fields are its keys in pipeline.yaml, and
// Validate, Tables, Files and Read. What the kinds share stands in a few files: open.go finds and decompresses files,
// lines.go reads their lines, rows.go builds record batches, seen.go remembers ids.
//
// Files of lines are read by several goroutines. A file is cut into pieces (pieces.go): byte ranges where that can be
// done (ranges.go, members.go), else what comes next out of the stream. Each piece makes a block of whole lines
// (block.go), cut, checked and parsed by a goroutine of its own; the blocks are handed out in order, where lines get
// their number and what depends on other lines is done. So rows and their order are the same for any number of workers.
//
// What can be downloaded stands in catalogue.go, how in acquire.go and package download.
//
// Every source streams. Its memory is that of one batch of 1024 rows and of a few blocks a worker, each a piece of 256
// KiB (as large as it was made, up to 8 MiB, of zstd) and one longest line, plus what the comment of the kind names: a
// bit or some bytes an id, so that an id that comes twice is found.
package sources
