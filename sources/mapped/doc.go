// Package mapped opens the weights of models as memory that is backed by their files, so that a model is open before it
// is read, and what is never asked for, such as most of a word embedding table, never is.
//
// Vocabulary: a mapping is a file's content in the address space; a private one is copied where it is written to, page
// by page, so that the file stays as it is.
//
// Start with FS.
package mapped
