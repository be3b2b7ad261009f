// Package content tells files by what they hold: it hashes them, remembers the hashes for as long as nothing about a file changes,
// and hashes what is written or got.
//
// Vocabulary: a sum is how many bytes something has and their SHA-256; known is what was hashed before.
//
// Start with sum.go.
package content
