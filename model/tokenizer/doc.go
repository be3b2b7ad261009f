// Package tokenizer turns text into token ids as a Hugging Face tokenizer.json says, exactly as its Rust library does:
// Unigram models (XLM-R, multilingual E5) and WordPiece models (BERT, MiniLM). It also trains small Unigram models.
//
// Vocabulary: a piece is an entry of the model's vocabulary and its id is its place there; an added token is cut out of
// the text before the model sees it, and special ones stand for no text at all; normalizing rewrites the characters;
// pre-tokenizing cuts the text into words, which the model cuts into pieces; the template puts special tokens around.
//
// Start with tokenizer.go; json.go reads the file, unigram.go and wordpiece.go are the two models. The caller
// truncates and pads: those sections of tokenizer.json are ignored.
package tokenizer
