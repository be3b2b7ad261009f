// Package residual writes token vectors in few bits, as ColBERTv2 does
// (Santhanam et al., arXiv 2112.01488): as the nearest of some centroids and,
// for each dimension, the bucket that the rest falls in.
//
// Vocabulary: a centroid is the mean of vectors that lie close together; a code
// is a centroid's number; the residual is what is left of a vector without its
// centroid; a bucket is a range of a dimension's residuals, and its value what
// is read back for all of them; a codec is centroids and values.
//
// A vector takes 4 bytes for its code and bits/8 for each dimension. It is
// written and read back the same whatever is written beside it, so that a
// collection can grow as long as its codec stays.
//
// Start with Train and Codec.
package residual
