// Package measure scores ranked lists of documents against judgments, with
// the semantics of trec_eval and, where the C library's logarithm is exact,
// with its very bits.
//
// Vocabulary: a judgment gives a document of a query a grade (2 is better than
// 1, 0 and below are not relevant); a hit is a document that a run returned
// for a query, with its score; a measure turns the hits and the judgments of
// one query into a value between 0 and 1; an evaluation gathers the values of
// many queries; its summary is their mean with a bootstrap interval.
//
// What trec_eval does, and this package therefore too:
//   - The hits are ranked by score, higher first, and equal scores by document
//     id, greater first, compared byte by byte. A rank that the run states
//     is ignored.
//   - Scores are rounded to float32 before they are compared, so that scores
//     tie which differ in the file (trec_eval 9 and pytrec_eval; trec_eval 10
//     compares float64, which is the same for scores that were float32).
//   - A document twice in one query is an error.
//   - nDCG's gain is the grade, its discount log2(rank+1), and its ideal
//     ranking holds every judged document. Grades below 0 have gain 0 and
//     count as not relevant.
//   - A judged query without any relevant document has the value 0 and counts
//     in the mean. A query without judgments is left out.
//   - With trec_eval's -c, which is the default here, a judged query that the
//     run lacks has the value 0; otherwise it is left out of the mean.
//
// Start at Parse, New and Evaluation.Add.
package measure
