// Package tokenizer turns text into token ids as a Hugging Face tokenizer.json says, exactly as its Rust library does:
// Unigram models (XLM-R, multilingual E5) and WordPiece models (BERT, MiniLM). It also trains small Unigram models.
//
// Vocabulary: a piece is an entry of the model's vocabulary and its id is its place there; an added token is cut out of
// the text before the model sees it, and special ones stand for no text at all; normalizing rewrites the characters;
// pre-tokenizing cuts the text into words, which the model cuts into pieces; the template puts special tokens around.
//
// Start with tokenizer.go; json.go reads the file, unigram.go and wordpiece.go are the two models. The caller
// truncates and pads: those sections of tokenizer.json are ignored.
//
// Three things are known to differ from the Rust library (0.23): lower case, normalization forms and single_word go by
// the Unicode version of Go's tables, so that some characters newer than Unicode 8 change otherwise; the order of
// different combining marks where more than 30 follow one another and a normalization form applies; and the regular
// expressions of Replace are Go's.
package tokenizer
