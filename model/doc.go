// Package model is everything that computes: an encoder with its tokenizer and the way its token vectors become one
// sentence vector. It works on slices, strings and fs.FS, and knows no Arrow, no YAML and no path.
//
// Vocabulary: a model is an encoder and a tokenizer in one; hidden states are the encoder's last layer, one vector a
// token; pooling turns them into one vector a text; content tokens are those that stand for the text itself, without
// special tokens and without the prefix's.
//
// Start with model.go, then embed.go. The sub-packages are named after what they compute.
package model
