// Package ot solves batches of small optimal transport problems between clouds of token vectors, in float32.
//
// Vocabulary. A problem moves the masses a of m rows (teacher tokens) onto the masses b of n columns (student tokens).
// Its cost C is (m, n), row-major: C[i][j] is the price of moving one unit of mass from row i to column j. A plan P is
// (m, n) too: P[i][j] is the mass moved. The marginals of a plan are its row sums, which should be a, and its column
// sums, which should be b. Epsilon weighs the entropy H(P) = -sum P (log P - 1) in
//
//	OT(C) = min over P with marginals a and b of <P, C> - epsilon H(P)
//
// so that a small epsilon gives a sharp plan and needs many iterations, and a large one spreads the mass. By the
// envelope theorem the gradient of OT(C) with respect to C is P itself.
//
// Batches are ragged: problems of different shapes lie one after the other, without padding. What a problem yields
// never depends on the others.
//
// Start at Sinkhorn; CosineCosts and CosineGradient connect it to token vectors. All functions work in the caller's
// goroutine on the caller's slices, and share nothing.
package ot
