// Package train trains encoders: it distils a frozen teacher into a student over translated pairs, trains a teacher on
// query-document pairs, or goes on with pre-training on plain text.
//
// Vocabulary. A sample is one pair; its sides are the texts of it that the student encodes (source and target text when
// distilling, query and document otherwise). A batch is the samples of one optimiser step. A micro-batch is a fixed cut
// of a batch that one goroutine works on: forward, losses, backward. Content tokens are those that are not special, and
// a sentence vector is the mean of a sequence's hidden states over all its tokens. A record tells what a step did.
//
// The cut into micro-batches does not depend on the number of workers, and their gradients are summed in order, so that
// a run yields the same bits with any number of workers.
//
// Start at Run; Distill, Contrastive and MLM are what it can be given. The losses are plain functions on slices (transport.go,
// pooled.go, infonce.go), each with its gradient with respect to what the student computed.
package train
