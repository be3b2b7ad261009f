package schemas

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Findings is the table of what lint finds. Where id is null, a row stands for `count` rows whose ids are not known.
func Findings() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{text(Severity), text(Rule), text(InTable), textOrNull(Language), textOrNull(ID),
		textOrNull(RelatedTable), textOrNull(RelatedLanguage), textOrNull(RelatedID), text(Detail), long(Count)}, nil)
}

// The severities of findings, the worst first.
const (
	SeverityError   = "error"   // the scores would be wrong, or are not what they seem to be
	SeverityWarning = "warning" // somebody should look at it before they rely on the scores
	SeverityInfo    = "info"    // good to know
)

// Severities are all of them, the worst first.
var Severities = []string{SeverityError, SeverityWarning, SeverityInfo}

// A Finding is a row of the table of findings. Empty texts but Detail stand for null.
type Finding struct {
	Severity, Rule, Table, Language, ID      string
	RelatedTable, RelatedLanguage, RelatedID string
	Detail                                   string
	Count                                    int64
}

// Append adds the finding to a builder of the table.
func (f Finding) Append(b *array.RecordBuilder) {
	for i, value := range f.texts() {
		if value == "" && b.Schema().Field(i).Nullable {
			b.Field(i).AppendNull()
			continue
		}
		b.Field(i).(*array.StringBuilder).Append(value)
	}
	b.Field(len(f.texts())).(*array.Int64Builder).Append(f.Count)
}

func (f Finding) texts() []string {
	return []string{f.Severity, f.Rule, f.Table, f.Language, f.ID, f.RelatedTable, f.RelatedLanguage, f.RelatedID, f.Detail}
}

// FindingAt is the finding in row i of a batch of the table. It stays valid after the batch.
func FindingAt(batch arrow.RecordBatch, i int) Finding {
	value := func(c int) string {
		return string(append([]byte(nil), batch.Column(c).(*array.String).Value(i)...))
	}
	return Finding{value(0), value(1), value(2), value(3), value(4), value(5), value(6), value(7), value(8),
		batch.Column(9).(*array.Int64).Value(i)}
}

// A RuleText says how severe the findings of a rule are, what they mean, and what to do about them.
type RuleText struct{ Rule, Severity, Meaning, Remedy string }

// Rules are all rules of lint, in the order in which people are shown them.
func Rules() []RuleText { return slices.Clone(rules) }

// RuleNamed returns what there is to say about a rule; false if there is none of that name.
func RuleNamed(name string) (RuleText, bool) {
	i := slices.IndexFunc(rules, func(r RuleText) bool { return r.Rule == name })
	if i < 0 {
		return RuleText{}, false
	}
	return rules[i], true
}

// The names of the rules.
const (
	QueryInTraining     = "query_in_training"
	QueryNearTraining   = "query_near_training"
	QueryInTriples      = "query_in_triples"
	DocumentInTraining  = "document_in_training"
	DocumentNear        = "document_near_training"
	DocumentsTrainedOn  = "documents_trained_on"
	DuplicateID         = "duplicate_id"
	DocumentHasQueryID  = "document_has_query_id"
	UnknownQuery        = "judgment_of_unknown_query"
	UnknownDocument     = "judgment_of_unknown_document"
	Contradiction       = "contradicting_judgments"
	QueryWithoutJudged  = "query_without_judgment"
	QueryWithoutMatches = "query_without_relevant_document"
	EmptyText           = "empty_text"
	Untranslated        = "untranslated"
	WrongScript         = "wrong_script"
	MixedScript         = "mixed_script"
	ReplacementMark     = "replacement_character"
	Mojibake            = "mojibake"
	UnusableRow         = "unusable_row"
	KnownTrap           = "known_trap"
	RowCount            = "row_count"
)

var rules = []RuleText{
	{QueryInTraining, "error", "the text of an evaluation query stands in the training text, but for case, punctuation and white space: its score may be memory",
		"take the related rows out of the training text; a few short everyday sentences may be chance, many are a leak"},
	{QueryNearTraining, "warning", "a training text is nearly that of an evaluation query",
		"look at a few: a leak that was edited or translated again, or sentences made from one template"},
	{QueryInTriples, "warning", "a training triple names the id of an evaluation query",
		"if both are of one collection, this query was trained on: take its triples out; if not, the ids meet by chance"},
	{DocumentInTraining, "warning", "the text of an evaluation document stands in the training text",
		"normal where the collection that is searched is trained on; else take the related rows out of the training text"},
	{DocumentNear, "warning", "a training text is nearly that of an evaluation document",
		"look at a few; edited copies are as good as leaks"},
	{DocumentsTrainedOn, "info", "the documents that are searched are trained on as a whole, so they are not compared with themselves",
		"normal where training and evaluation share a collection and the queries differ; say so when you publish"},
	{DuplicateID, "error", "an id comes twice in a language; the second row is never read, or overwrites the first",
		"make the ids unique: judgments cannot say which of the two they mean"},
	{DocumentHasQueryID, "warning; info where it is excluded, or has another text in the same language", "a document has the id of a query: in translated collections it is the query's own translation, and to find it measures translation",
		"normal if it is excluded from what may be returned (mtop: exclude_translation, beir: exclude_identical, or a column exclude)"},
	{UnknownQuery, "error", "judgments name a query that is not among the queries; evaluate counts it as 0",
		"clean, split or subset the judgments as you did the queries; or let evaluate say absent: skip; if a few were published so, let lint ignore this rule"},
	{UnknownDocument, "error; warning if it is judged irrelevant", "judgments name a document that is not in the collection, so nobody can find it and scores cannot reach 1",
		"check whether the collection is complete, and what clean, deduplicate or split took out of it; a few may be published so, as in BEIR's ArguAna"},
	{Contradiction, "error", "a query has two judgments of one document that differ; evaluate refuses them",
		"keep one of the two"},
	{QueryWithoutJudged, "warning", "a query has no judgment: it is searched for and counts nothing, or 0",
		"leave such queries out (judged_only: true), let evaluate say nothing_relevant: skip, or find out why their ids are not those of the judgments"},
	{QueryWithoutMatches, "warning", "a query has judgments, and none says relevant: it scores 0 whatever is found",
		"let evaluate say nothing_relevant: skip if that is not what you want to measure"},
	{EmptyText, "error if it is judged; warning; info for lines that a source left out", "a text is empty: nothing can be learned from it, and an empty document cannot be found",
		"find out where the text was lost; the row's vector would be that of no words"},
	{Untranslated, "warning", "source and target of a pair are the same text",
		"names and numbers are normal; whole sentences were never translated: take them out"},
	{WrongScript, "warning", "most letters of a text are not of the script that its language is written in",
		"wrong language, swapped columns, or text that was never translated: clean with min_script takes such rows out"},
	{MixedScript, "info", "a word mixes Latin and Cyrillic letters that look alike, so that it is split into pieces that no model knows",
		"often the work of optical character recognition or of spammers; replace the letters, or leave the rows out"},
	{ReplacementMark, "warning", "a text holds U+FFFD, which stands for a character that was lost",
		"the file was decoded with the wrong encoding before ferry saw it: get it again from where it is whole"},
	{Mojibake, "warning", "UTF-8 was taken for Windows-1252 or Latin-1 and encoded again: â€™ in place of ’, Ã© in place of é",
		"MS MARCO's passages and translations made from them are published so; ftfy or ir_datasets mend them"},
	{UnusableRow, "error if they are more than max_bad_rows; warning", "rows could not be read and are in quarantine",
		"see `ferry inspect .ferry/quarantine/NAME.parquet`; a run fails when they are more than max_bad_rows"},
	{KnownTrap, "error", "the published files are known for this mistake", "get the later version that is named below"},
	{RowCount, "info", "there are not as many rows as were published", "fine if you took a part of the data; else the download was cut short, and scores compare with nobody's: get it again"},
}
