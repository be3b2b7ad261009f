// Package retrieve finds, for each of many queries, the k documents whose
// vectors score highest, by comparing every query with every document.
//
// Vocabulary: a dense search compares one vector a query with one vector a
// document, by their dot product; MaxSim compares ragged token vectors, and its
// score is the mean over the query's tokens of the best dot product among the
// document's tokens; a block is the documents of one call of Add, and memory
// is bounded by queries, k and block, never by the number of documents; a hit
// is a document with its score; centring takes the mean vector off all others; a
// hub is a document that is near everything, which CSLS corrects.
//
// Vectors are float32 and row-major. They are compared as they are: normalise
// them beforehand for cosine similarity (Centre does).
//
// Hits are the same to the bit at any number of workers, whatever the order of
// the documents, since each query's score of a document is summed in an order
// of its own and equal scores are ordered as trec_eval does, so that cutting at
// k and cutting in an evaluation agree.
//
// Compressed searches, approximately, in documents whose token vectors a codec has
// written; an Index answers questions that come one at a time; Rerank scores chosen
// documents alone; BM25 compares words. Start at NewDense, NewMaxSim,
// NewCompressed, NewIndex, NewRerank, NewBM25 and Centre.
package retrieve
