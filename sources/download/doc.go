// Package download fetches files over HTTPS into a cache that all processes of a user share.
//
// Vocabulary: a part is a file that is still arriving, beside which lies the ETag under which its bytes were sent; a sum
// is a checksum that somebody published; an attempt is one request, and attempts that get nowhere are limited; a final
// error is one that another attempt would meet again.
//
// A file appears under its own name when it is complete and its sum is right. Until then an attempt goes on where the
// one before stopped, in this process or another, as long as the server's ETag stays the same.
//
// The cache is $FERRY_CACHE, or ferry in the user's cache folder. Start with client.go.
package download
