// Package fasttext reads text classifiers of fastText (Joulin et al., 2017), as are used to tell languages apart, and gives the
// probability of each label.
//
// Vocabulary: a label is what a text may be, such as the language sw; an n-gram is a stretch of characters of a word, which is
// taken between < and >; a row of the input matrix stands for a word or, by hash, for n-grams; a quantized matrix keeps codes of
// a byte for parts of its rows (.ftz); the tree is the Huffman tree of the labels, in models with hierarchical softmax.
//
// Start at Read and Model.Probabilities.
package fasttext
