// Package safetensors reads and writes the file format of that name: the length of a JSON header as 8 bytes, the header
// with name, type, shape and place of every tensor, and the tensors' bytes without gaps, little-endian
// (https://huggingface.co/docs/safetensors). Nothing in a file is believed before it is checked.
//
// Vocabulary: a tensor is a named array; its dtype is the format's name for a number type, such as F32; offsets are
// bytes counted from the end of the header.
//
// Start with Open and Write.
package safetensors
