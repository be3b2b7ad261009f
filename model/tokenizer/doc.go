// Package tokenizer turns text into token ids as a Hugging Face tokenizer.json says, exactly as its Rust library does:
// Unigram models (XLM-R, multilingual E5), WordPiece models (BERT, MiniLM) and BPE models, on bytes (GPT-2, RoBERTa,
// ModernBERT, Llama 3, Qwen 2) or characters (Llama 2, CLIP). It also trains small Unigram models.
//
// Vocabulary: a piece is an entry of the model's vocabulary and its id is its place there; an added token is cut out of
// the text before the model sees it, and special ones stand for no text at all; normalizing rewrites the characters;
// pre-tokenizing cuts the text into words, which the model cuts into pieces; the template puts special tokens around.
//
// Start with tokenizer.go; json.go reads the file, unigram.go, wordpiece.go and bpe.go are the three models. Encode
// gives ids as fast as it goes; EncodeInto, in encoding.go, gives pairs of texts, type ids, truncation by strategy, and
// where each token is in its text, by a way of its own (trace.go). The caller truncates and pads: those sections of
// tokenizer.json are ignored, as transformers does. So is its decoder, which nothing here needs. Any other part that this
// package does not have is an error.
//
// Most words of a text were met before: those of up to 40 bytes are looked up in a cache (cache.go) of 4 MiB for each call
// that runs at the same time. With XLM-R and BERT, where nothing looks across spaces, that goes before all else
// (wordwise.go); with others, before the model.
//
// Two things are known to differ from the Rust library (0.23): normalization forms and punctuation beyond
// BERT's go by the Unicode version of Go's tables, so that some characters newer than Unicode 8 change otherwise; and regular
// expressions that Go's package regexp does not know, or knows as something else, are refused.
package tokenizer
