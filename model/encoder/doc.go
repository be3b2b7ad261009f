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
// result of a sequence has the same bits whatever else is in the batch.
//
// Training goes Forward with Workspace.Training, then Backward; or Propagate for every batch, and Gradients.Collect for
// all of them at once. Dropout is off until Workspace.Dropout is set before a Forward, with a key for every sequence:
//
//	w.Dropout.Hidden, w.Dropout.Attention = c.Dropout, c.Dropout // or what the user says
//	w.Dropout.Keys = w.Dropout.Keys[:0]
//	for _, sample := range samples { // numbered alike however they are dealt to batches and goroutines
//		w.Dropout.Keys = append(w.Dropout.Keys, encoder.DropoutKey(seed, step, sample))
//	}
//
// What is dropped depends on the key, the layer and the position alone. Workspace.GradientCheckpointing saves memory on
// long sequences for time: Backward does it all, and who collects from several workspaces takes turns between
// PropagateLayer in each of them and Gradients.Collect for the parts of that layer.
//
// The weights of a file that is mapped into memory are used where they lie, so that a model is open before it is read.
//
// Start with encoder.go, then forward.go. The file format has a package of its own, safetensors.
package encoder
