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
		{Name: "documents", Schema: Documents()}, {Name: "passages", Schema: Passages()}, {Name: "queries", Schema: Queries()}, {Name: "judgments", Schema: Judgments()}, {Name: "triples", Schema: Triples()},
		{Name: "pairs", Schema: Pairs()}, {Name: "tokens", Schema: TokensWithOffsets()}, {Name: "pair_tokens", Schema: PairTokens("")},
		{Name: "vectors", Schema: Vectors(384, true)}, {Name: "token_vectors", Schema: TokenVectors(384, true)}, {Name: "codec", Schema: Codec(384)}, {Name: "compressed", Schema: Compressed()}, {Name: "hits", Schema: Hits()},
		{Name: "scores", Schema: Scores()}, {Name: "comparisons", Schema: Comparisons()}, {Name: "plan", Schema: Plan()}, {Name: "plans", Schema: Plans()}, {Name: "training", Schema: TrainingRemembered("ot")},
		{Name: AuditTable, Schema: Audit()}, {Name: SplitWordsTable, Schema: SplitWords()}, {Name: "added_pieces", Schema: AddedPieces()},
		{Name: "findings", Schema: Findings()}, {Name: "quarantine", Schema: Quarantine()},
	}
}
