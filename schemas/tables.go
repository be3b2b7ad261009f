package schemas

import "github.com/apache/arrow-go/v18/arrow"

// Column names. A column has the same name in every table that has it.
const (
	Language         = "language"             // BCP 47 code of the row's text, such as en or sw
	ID               = "id"                   // published id of the row, unique within its language
	Title            = "title"                // title of a document, empty where the corpus has none
	Text             = "text"                 // text of a document or query
	Exclude          = "exclude"              // ids of documents that may not be returned for the query
	Intent           = "intent"               // MTOP: top intent of the utterance, such as IN:CREATE_CALL
	Slots            = "slots"                // MTOP: slots as start:end:SL:NAME in characters, comma-separated
	QueryID          = "query_id"             // id of a query; null for the mean over queries
	DocumentID       = "document_id"          // id of a document
	Grade            = "grade"                // relevance: 0 is not relevant, higher is better
	QueryLanguage    = "query_language"       // language of the query; null means any
	DocumentLanguage = "document_language"    // language of the document; null means any
	PositiveID       = "positive_id"          // document that answers the query
	NegativeID       = "negative_id"          // document that does not
	PositiveLanguage = "positive_language"    // language of the document that answers; null means any
	NegativeLanguage = "negative_language"    // language of the one that does not; null means any
	SourceLanguage   = "source_language"      // language the pair was translated from, the teacher's
	TargetLanguage   = "target_language"      // language the pair was translated into
	SourceText       = "source_text"          // text in the source language
	TargetText       = "target_text"          // its translation
	Origin           = "origin"               // file the pair came from, without its folders
	IDs              = "ids"                  // token ids, special tokens included
	Truncated        = "truncated"            // number of tokens cut off to fit max_tokens
	Starts           = "starts"               // where each token starts in its text
	Ends             = "ends"                 // where each token ends, which is not part of it
	Words            = "words"                // number of each token's word in its text, from 0, -1 for special tokens; of an audit, number of words, as UAX #29 cuts them
	TeacherIDs       = "teacher_ids"          // source text in the teacher's token ids
	StudentSourceIDs = "student_source_ids"   // source text in the student's
	StudentTargetIDs = "student_target_ids"   // target text in the student's
	Vector           = "vector"               // one vector a row
	TokenVectorList  = "vectors"              // one vector a token
	Scale            = "scale"                // of a vector stored as int8: what its numbers are multiplied by
	Scales           = "scales"               // of token vectors stored as int8: what the numbers of each are multiplied by
	Rank             = "rank"                 // place in the result list, from 1
	Score            = "score"                // similarity of query and document, higher is better
	Variant          = "variant"              // name of the system that was measured
	TrainingSeed     = "training_seed"        // seed that the variant was trained with; null if none is named
	Scoring          = "scoring"              // how hits were scored, such as dense or maxsim; null if it is not named
	Measure          = "measure"              // name of a measure with its cut-off, such as nDCG@10
	Remembered       = "remembered"           // value of the measure in the language that must not be forgotten
	Value            = "value"                // value of the measure, 0 to 1
	Low              = "low"                  // lower end of the 95 % interval
	High             = "high"                 // upper end of the 95 % interval
	TieLow           = "tie_low"              // least value over all orders of documents with equal scores; null where it is not known
	TieHigh          = "tie_high"             // greatest value over them
	QueryCount       = "queries"              // number of queries behind a value
	Baseline         = "baseline"             // variant that the row's is compared with; null if there is none
	Group            = "group"                // of languages: all, low_resource, others, or gap, the mean of the others less that of low_resource
	Seeds            = "seeds"                // number of seeds that a value is the mean of
	Spread           = "spread"               // standard deviation over seeds; null with fewer than two
	Gain             = "gain"                 // value less the baseline's; null in the baseline's own rows
	GainLow          = "gain_low"             // lower end of its 95 % interval
	GainHigh         = "gain_high"            // upper end of it
	PPermutation     = "p_permutation"        // p value of the paired permutation test; null where nothing is tested
	PPermutationHolm = "p_permutation_holm"   // the same after Holm's correction over the family
	PTTest           = "p_t_test"             // p value of the paired t-test
	PTTestHolm       = "p_t_test_holm"        // the same after Holm's correction over the family
	Effect           = "effect"               // Cohen's d of the paired differences: their mean over their standard deviation; null where they are all the same
	Wins             = "wins"                 // number of queries that have a greater value than the baseline's; null in the baseline's own rows
	Ties             = "ties"                 // number of those that have the same
	Losses           = "losses"               // number of those that have a smaller one
	Family           = "family"               // number of tests that p values are corrected for
	Forgotten        = "forgotten"            // whether the gain's interval lies below zero; null but for the language that has training data
	Step             = "step"                 // optimiser step, or the name of a pipeline step
	Epoch            = "epoch"                // passes over the data, the step included
	Loss             = "loss"                 // weighted sum of the losses
	LearningRate     = "learning_rate"        // of the step
	GradientNorm     = "gradient_norm"        // global L2 norm before clipping
	SolverIterations = "solver_iterations"    // mean number of the transport solver's iterations
	MarginalError    = "marginal_error"       // mean L1 error of the transport plans' marginals
	PairID           = "pair_id"              // id of the pair that was aligned
	SourceIndex      = "source_index"         // place of a token among the content tokens of the source text, from 0
	TargetIndex      = "target_index"         // the same of the target text
	SourceToken      = "source_token"         // that token, as the tokenizer writes it
	TargetToken      = "target_token"         // that token, as the tokenizer writes it
	Mass             = "mass"                 // moved from one token to the other, of 1 in all
	Cost             = "cost"                 // of moving a mass of 1 between them
	NotConverged     = "not_converged"        // transport problems beyond the tolerance after the last iteration
	FilePath         = "path"                 // file a rejected row came from, as the configuration names it
	Line             = "line"                 // line in that file, from 1
	Offset           = "offset"               // byte offset of the row in that file, -1 if unknown
	Reason           = "reason"               // short code such as bad_utf8
	Detail           = "detail"               // what exactly was wrong
	Raw              = "raw"                  // the row's bytes as read, at most 64 KiB
	ScriptCode       = "script"               // ISO 15924 code of the script that texts are in, such as Latn
	TextCount        = "texts"                // number of texts
	TokenCount       = "tokens"               // number of tokens, without special ones
	Fertility        = "fertility"            // tokens a word; null without words
	UnknownRate      = "unknown_rate"         // share of the tokens that are unknown
	MaxTokens        = "max_tokens"           // longest input, special tokens included
	TextsCut         = "texts_cut"            // share of the texts that are longer than max_tokens
	TokensLost       = "tokens_lost"          // share of the tokens that are beyond max_tokens
	BytesPerToken    = "bytes_per_token"      // bytes of UTF-8 a token
	CharsPerToken    = "characters_per_token" // code points a token
	Word             = "word"                 // a word as it stands in the text
	Count            = "count"                // how often a word occurs; rows that a finding stands for
	Piece            = "piece"                // a token, as tokenizer.json writes it
	Saved            = "saved"                // number of tokens that a piece saves
	Pieces           = "pieces"               // the tokens that it is cut into, as tokenizer.json writes them
	Severity         = "severity"             // of a finding: error, warning or info
	Rule             = "rule"                 // what kind of finding it is
	InTable          = "table"                // table that the row was found in, as the configuration refers to it
	RelatedTable     = "related_table"        // table of the row that it was found with, such as the training text
	RelatedLanguage  = "related_language"     // language of that row
	RelatedID        = "related_id"           // id of that row
	Part             = "part"                 // of a codec: mean, document_mean, bucket or centroid
	CodecName        = "codec"                // name of the codec that wrote a row, which its content gives it
	Codes            = "codes"                // number of each token's centroid, from 0
	Residuals        = "residuals"            // what is left of each token vector without its centroid, some bits a dimension
)

func text(name string) arrow.Field { return arrow.Field{Name: name, Type: arrow.BinaryTypes.String} }
func textOrNull(name string) arrow.Field {
	return arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: true}
}
func integer(name string) arrow.Field {
	return arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Int32}
}
func integerOrNull(name string) arrow.Field {
	return arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Int32, Nullable: true}
}
func long(name string) arrow.Field { return arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Int64} }
func longOrNull(name string) arrow.Field {
	return arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Int64, Nullable: true}
}
func numberOrNull(name string) arrow.Field {
	return arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Float64, Nullable: true}
}
func number(name string) arrow.Field {
	return arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Float64}
}
func listOf(name string, of arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: arrow.ListOfNonNullable(of)}
}
func vector(of arrow.DataType, dimensions int) arrow.DataType {
	return arrow.FixedSizeListOfNonNullable(int32(dimensions), of)
}

// Documents is the table of documents to be found.
func Documents() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(Language), text(ID), text(Title), text(Text)}, nil)
}

// Passages is the table of passages that documents were cut into, document_id being the document's.
func Passages() *arrow.Schema { return WithDocument(Documents()) }

// WithDocument is a table of passages in place of documents: document_id stands after its other columns.
func WithDocument(schema *arrow.Schema) *arrow.Schema {
	return arrow.NewSchema(append(schema.Fields(), text(DocumentID)), nil)
}

// Queries is the table of queries; exclude names documents that may not be returned for a query.
func Queries() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(Language), text(ID), text(Text), listOf(Exclude, arrow.BinaryTypes.String)}, nil)
}

// Judgments is the table of graded relevance. One set serves all languages of a translated collection: a null
// language stands for any.
func Judgments() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(QueryID), text(DocumentID), integer(Grade), textOrNull(QueryLanguage), textOrNull(DocumentLanguage)}, nil)
}

// Triples is the table of training triples, by id. As in judgments, a null language stands for any.
func Triples() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(QueryID), text(PositiveID), text(NegativeID),
		textOrNull(QueryLanguage), textOrNull(PositiveLanguage), textOrNull(NegativeLanguage)}, nil)
}

// Pairs is the table of translated sentences (bitext).
func Pairs() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(ID), text(SourceLanguage), text(TargetLanguage), text(SourceText), text(TargetText), text(Origin)}, nil)
}

// Tokens is the table of one tokenized text a row.
func Tokens() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(Language), text(ID), listOf(IDs, arrow.PrimitiveTypes.Int32), integer(Truncated)}, nil)
}

// TokensWithOffsets is Tokens with the place of each token in its text.
func TokensWithOffsets() *arrow.Schema {
	fields := Tokens().Fields()
	for _, name := range []string{Starts, Ends, Words} {
		fields = append(fields, listOf(name, arrow.PrimitiveTypes.Int32))
	}
	return arrow.NewSchema(fields, nil)
}

// Prefix is the key of a table's metadata that says what was put before every text.
const Prefix = "prefix"

// PairTokens is the table of tokenized pairs: the source text for the teacher, both texts for the student, each after
// prefix, which the schema's metadata names.
func PairTokens(prefix string) *arrow.Schema {
	metadata := arrow.NewMetadata([]string{Prefix}, []string{prefix})
	ids := arrow.PrimitiveTypes.Int32
	return arrow.NewSchema([]arrow.Field{text(ID), text(SourceLanguage), text(TargetLanguage),
		listOf(TeacherIDs, ids), listOf(StudentSourceIDs, ids), listOf(StudentTargetIDs, ids)}, &metadata)
}

// The parts of a codec.
const (
	PartMean         = "mean"          // taken off all vectors in its language, or in any, first; there may be none
	PartDocumentMean = "document_mean" // taken off documents in its language; queries have the means of their own
	PartBucket       = "bucket"        // what a residual's bits stand for in each dimension: 2^bits rows, rising
	PartCentroid     = "centroid"      // in the order of codes
)

// Codec is the table of how token vectors are compressed: vectors that float16 holds, in the order of the parts above. Only
// means may have a language.
func Codec(dimensions int) *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(Part), textOrNull(Language), {Name: Vector, Type: vector(arrow.PrimitiveTypes.Float32, dimensions)}}, nil)
}

// Compressed is the table of token vectors as a codec wrote them. A residual is bits/8 bytes a dimension, rounded up, from
// the lowest bits on.
func Compressed() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(Language), text(ID), text(CodecName), listOf(Codes, arrow.PrimitiveTypes.Int32),
		{Name: Residuals, Type: arrow.BinaryTypes.Binary}}, nil)
}

// Hits is the table of search results, best first within a query.
func Hits() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(QueryLanguage), text(QueryID), text(DocumentLanguage), text(DocumentID), integer(Rank), number(Score)}, nil)
}

// Scores is the table of measured quality; a null query_id marks the mean over the language's queries.
func Scores() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(Variant), longOrNull(TrainingSeed), textOrNull(Scoring), text(Language), text(Measure), textOrNull(QueryID), number(Value), number(Low), number(High), numberOrNull(TieLow), numberOrNull(TieHigh), integer(QueryCount)}, nil)
}

// Plan is the table of a transport plan: a row two tokens of a text and its translation, those of most mass between them first.
func Plan() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{integer(SourceIndex), integer(TargetIndex), text(SourceToken), text(TargetToken), number(Mass), number(Cost)}, nil)
}

// Plans is the table of the transport plans of pairs, one after another, each as Plan has it.
func Plans() *arrow.Schema {
	return arrow.NewSchema(append([]arrow.Field{text(PairID), text(SourceLanguage), text(TargetLanguage)}, Plan().Fields()...), nil)
}

// Training is the table of training curves, a row an optimiser step, with a column for each loss by its name. The value of
// a step's evaluation is null where there was none.
func Training(losses ...string) *arrow.Schema {
	fields := []arrow.Field{integer(Step), number(Epoch), number(Loss)}
	for _, name := range losses {
		fields = append(fields, number(name))
	}
	fields = append(fields, number(LearningRate), number(GradientNorm), number(SolverIterations), number(MarginalError), integer(NotConverged), numberOrNull(Value))
	return arrow.NewSchema(fields, nil)
}

// TrainingRemembered is Training with the measure in the language that must not be forgotten, null where there was no evaluation.
func TrainingRemembered(losses ...string) *arrow.Schema {
	return arrow.NewSchema(append(Training(losses...).Fields(), numberOrNull(Remembered)), nil)
}

// Quarantine is the table of rows that could not be used, each with the reason.
func Quarantine() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(Step), text(FilePath), long(Line), long(Offset), text(Reason), text(Detail),
		{Name: Raw, Type: arrow.BinaryTypes.Binary}}, nil)
}

// Names of the tables of an audit.
const (
	AuditTable      = "audit"
	SplitWordsTable = "split_words"
)

// Audit is the table of how a tokenizer treats the texts of each language and script. The variant is the name of its model.
func Audit() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(Variant), text(Language), text(ScriptCode), long(TextCount), long(Words), long(TokenCount),
		numberOrNull(Fertility), numberOrNull(UnknownRate), integer(MaxTokens), number(TextsCut), numberOrNull(TokensLost),
		numberOrNull(BytesPerToken), numberOrNull(CharsPerToken)}, nil)
}

// SplitWords is the table of the words on which splitting costs most tokens, in that order within a language and script.
func SplitWords() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(Variant), text(Language), text(ScriptCode), text(Word), long(Count),
		listOf(Pieces, arrow.BinaryTypes.String)}, nil)
}

// AddedPieces is the table of pieces that a vocabulary was extended by, the ones first that save most in the texts that they
// were mined from; pieces are those that each replaces.
func AddedPieces() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(Piece), long(Count), long(Saved), listOf(Pieces, arrow.BinaryTypes.String)}, nil)
}
