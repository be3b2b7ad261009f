// Package mapped has memory that is backed by files. It opens the weights of models so, that a model is open before it is read,
// and what is never asked for, such as most of a word embedding table, never is; and it holds what is too large for the heap.
//
// Vocabulary: a mapping is a file's content in the address space; a private one is copied where it is written to, page
// by page, so that the file stays as it is; a scratch is a file without a name.
//
// Start with FS and NewScratch.
package mapped
