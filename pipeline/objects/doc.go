// Package objects reads and writes the objects of a store: a bucket of S3 or what speaks its protocol, of Google's or Azure's
// storage, or a folder of this machine.
//
// Vocabulary: an address is a store as a pipeline file names it; an object has a name with slashes, and appears complete or not
// at all; credentials are found where the tools of each store look for them, never in an address.
//
// This is the one package that knows the library and the kinds of stores. What fails is tried again with longer and longer
// pauses, as downloads are. Errors that are fs.ErrNotExist and fs.ErrPermission are told apart; none has more of an address than
// what may be shown.
//
// Start with address.go, then store.go.
package objects
