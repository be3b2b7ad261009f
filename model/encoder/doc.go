// Package encoder runs Transformer encoders of the BERT and XLM-RoBERTa types, forward and backward: post-norm, exact
// GELU, learned positions (arXiv 1810.04805, 1911.02116). Its weights have the names and shapes of Hugging Face
// checkpoints, and it reads and writes those.
//
// Vocabulary: a batch is ragged, several sequences of token ids one behind the other with the offsets where each begins,
// and there is no padding; hidden states are the last layer's output, one vector a token; a parameter is a named
// weight tensor; a workspace is the reusable memory of one goroutine; gradients have the shapes of the parameters, word
// embeddings apart, of which only the rows that occurred are kept.
//
// The linear layers run over all tokens of a batch at once, attention runs over one sequence and head at a time. The
// result of a sequence has the same bits whatever else is in the batch. There is no dropout: Config.Dropout is carried,
// and would be applied in forward.go behind Workspace.Training.
//
// The weights of a file that is mapped into memory are used where they lie, so that a model is open before it is read.
//
// Start with encoder.go, then forward.go. The file format has a package of its own, safetensors.
package encoder
