// Package hf is the second tokenizer engine, Hugging Face's Rust library, by way of github.com/daulet/tokenizers. Package
// tokenizer is held against it, text by text, and it reads the kinds of tokenizer.json that package tokenizer does not.
//
// It needs cgo, the build tag hftokenizers, and the library that `make tokenizers` builds, with CGO_LDFLAGS naming the
// folder it lies in; without the tag the package is empty. Start with engine.go; library.sh builds the library.
package hf
