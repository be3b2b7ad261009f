package schemas

import "embed"

// Code is this package's source: the reference page and `ferry inspect` take what columns mean from its comments.
//
//go:embed *.go
var Code embed.FS

// All are the tables that components offer, by the names that people use, each as its namesake's function makes it. Vectors
// have 384 dimensions here, and training has one loss.
func All() []TableType {
	return []TableType{
		{"documents", Documents()}, {"passages", Passages()}, {"queries", Queries()}, {"judgments", Judgments()}, {"triples", Triples()},
		{"pairs", Pairs()}, {"tokens", TokensWithOffsets()}, {"pair_tokens", PairTokens("")},
		{"vectors", Vectors(384, true)}, {"token_vectors", TokenVectors(384, true)}, {"hits", Hits()},
		{"scores", Scores()}, {"comparisons", Comparisons()}, {"plan", Plan()}, {"training", TrainingRemembered("ot")},
		{AuditTable, Audit()}, {SplitWordsTable, SplitWords()}, {"added_pieces", AddedPieces()},
		{"findings", Findings()}, {"quarantine", Quarantine()},
	}
}
