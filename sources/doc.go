// Package sources opens published data sets and the user's own files, and yields their rows as Arrow record batches.
//
// Vocabulary: a layout is the way in which a publisher lays out files and columns; a table is what a source offers
// (documents, queries, judgments, triples, pairs, vectors, token_vectors, hits); a rejected row is one that cannot be
// used and goes to quarantine with file and line; a dropped row is one that is left out on purpose, and counted; an
// origin is the file that a pair came from.
//
// Start with mtop.go, which shows what every kind looks like: a struct whose fields are its keys in pipeline.yaml, and
// Validate, Tables, Files and Read. What the kinds share stands in four files: open.go finds and decompresses files,
// lines.go cuts them into lines, rows.go builds record batches, seen.go remembers ids.
//
// What can be downloaded stands in catalogue.go, how in acquire.go and package download.
//
// Every source streams. Its memory is that of one batch of 1024 rows and one line, plus what the comment of the kind
// names: a bit or some bytes an id, so that an id that comes twice is found.
package sources
