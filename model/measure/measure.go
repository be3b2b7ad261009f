package measure

import "strconv"

// A Measure names what is measured and, where it looks at the first hits
// only, at how many. Its usual spelling is Name, or Name@Cutoff, or with a
// parameter Name(p=0.5), or with a language Name(sw)@Cutoff.
type Measure struct {
	// Name is one of Names.
	Name string
	// Cutoff is the number of hits that count, 0 for all of them.
	Cutoff int
	// Parameter is RBP's persistence p, ERR's highest grade max, set_F's beta,
	// IPrec's recall or Rprec_mult's factor; 0 for others.
	Parameter float64
	// Language is that of the documents that share, relevant_share and hole
	// count; empty for any, EachLanguage before In.
	Language string
}

// The names of the measures, as ferry writes them.
const (
	NDCG          = "nDCG"                  // normalised discounted cumulative gain, of the grade
	NDCGExp       = "nDCG_exp"              // the same, of 2^grade - 1
	AP            = "AP"                    // average precision
	RR            = "RR"                    // reciprocal rank of the first relevant hit
	R             = "R"                     // recall: share of the relevant documents among the first hits
	P             = "P"                     // precision: share of the first hits that are relevant
	RelativeP     = "relative_P"            // precision over the highest that there can be, also called capped recall
	Success       = "success"               // 1 where a relevant document is among the first hits
	RPrec         = "Rprec"                 // precision at as many hits as documents are relevant
	RPrecMult     = "Rprec_mult"            // precision at a multiple of them
	BPref         = "bpref"                 // how seldom judged non-relevant documents stand before relevant ones
	InfAP         = "infAP"                 // average precision inferred from a sample of the pool, of which -1 marks the rest
	IPrec         = "IPrec"                 // highest precision at a recall or beyond
	ElevenPoints  = "11pt_avg"              // mean of IPrec at the recalls 0, 0.1 to 1
	ERR           = "ERR"                   // expected reciprocal rank at which a reader who goes down the list stops
	RBP           = "RBP"                   // rank-biased precision: what a reader gains who goes on with probability p
	Judged        = "Judged"                // share of the first hits that are judged
	Hole          = "hole"                  // number of the first hits that are not judged, over the cutoff
	Share         = "share"                 // number of the first hits that are in a language, over the cutoff
	RelevantShare = "relevant_share"        // share of the relevant documents that are in a language
	SetP          = "set_P"                 // precision of all hits
	SetRelativeP  = "set_relative_P"        // the same over the highest that there can be
	SetR          = "set_R"                 // recall of all hits
	SetF          = "set_F"                 // harmonic mean of the two, recall weighing beta^2 times as much
	SetAP         = "set_AP"                // product of the two
	GeometricAP   = "gm_AP"                 // AP, of which the mean over queries is the geometric one
	NumQ          = "num_q"                 // number of queries; this and the following are summed, not averaged
	NumRet        = "num_ret"               // number of hits
	NumRel        = "num_rel"               // number of relevant documents
	NumRelRet     = "num_rel_ret"           // number of relevant hits
	NumNonRelRet  = "num_nonrel_judged_ret" // number of hits that are judged and not relevant
)

// A kind is a row of the table of measures.
type kind struct {
	name      string
	aliases   []string // how trec_eval and others spell it
	cut       cut
	language  language
	parameter *parameter // nil if it has none
	evaluate  func(ranked, Measure) float64
	// counts tells which hits it counts, if not by their grades: that decides
	// its extremes over ties.
	counts func(ranked, Measure, int) bool
	// unbounded: its extremes over ties are not known.
	unbounded bool
	total     total
}

// A cut says whether a measure has a cutoff.
type cut int

const (
	mayBeCut cut = iota
	mustBeCut
	neverCut
	parameterAt // its parameter stands where others have the cutoff
)

// A language says whether a measure looks at the documents of one.
type language int

const (
	noLanguage language = iota
	anyLanguage
	oneLanguage
)

// A total says how the values of queries become one.
type total int

const (
	mean total = iota
	geometricMean
	sum
)

// kinds is the table of measures.
var kinds = []kind{
	{name: NDCG, aliases: []string{"ndcg_cut"}, evaluate: ranked.ndcg},
	{name: NDCGExp, evaluate: ranked.ndcgExp},
	{name: AP, aliases: []string{"map", "map_cut"}, evaluate: ranked.averagePrecision},
	{name: RR, aliases: []string{"mrr", "recip_rank"}, evaluate: ranked.reciprocalRank},
	{name: R, aliases: []string{"recall"}, cut: mustBeCut, evaluate: ranked.recall},
	{name: P, aliases: []string{"precision"}, cut: mustBeCut, evaluate: ranked.precision},
	{name: RelativeP, aliases: []string{"R_cap"}, cut: mustBeCut, evaluate: ranked.relativePrecision},
	{name: Success, aliases: []string{"hit"}, cut: mustBeCut, evaluate: ranked.success},
	{name: RPrec, aliases: []string{"r-prec"}, cut: neverCut, evaluate: ranked.rPrecision},
	{name: RPrecMult, cut: parameterAt, parameter: multiple, evaluate: ranked.rPrecisionMultiple},
	{name: BPref, cut: neverCut, evaluate: ranked.bpref},
	{name: InfAP, cut: neverCut, evaluate: ranked.inferredAP, unbounded: true},
	{name: IPrec, aliases: []string{"iprec_at_recall"}, cut: parameterAt, parameter: recallLevel, evaluate: ranked.interpolatedPrecision},
	{name: ElevenPoints, cut: neverCut, evaluate: ranked.elevenPoints},
	{name: ERR, parameter: highestGrade, evaluate: ranked.expectedReciprocalRank},
	{name: RBP, parameter: persistence, evaluate: ranked.rankBiasedPrecision},
	{name: Judged, cut: mustBeCut, evaluate: ranked.judged, counts: ranked.judgedAt},
	{name: Hole, aliases: []string{"unj"}, cut: mustBeCut, language: anyLanguage, evaluate: ranked.holes, counts: ranked.holeAt},
	{name: Share, cut: mustBeCut, language: oneLanguage, evaluate: ranked.share, counts: ranked.inLanguageAt},
	{name: RelevantShare, cut: neverCut, language: oneLanguage, evaluate: ranked.relevantShare},
	{name: SetP, cut: neverCut, evaluate: ranked.setPrecision},
	{name: SetRelativeP, cut: neverCut, evaluate: ranked.setRelativePrecision},
	{name: SetR, aliases: []string{"set_recall"}, cut: neverCut, evaluate: ranked.setRecall},
	{name: SetF, cut: neverCut, parameter: recallWeight, evaluate: ranked.setF},
	{name: SetAP, aliases: []string{"set_map"}, cut: neverCut, evaluate: ranked.setAveragePrecision},
	{name: GeometricAP, aliases: []string{"gm_map"}, cut: neverCut, evaluate: ranked.averagePrecision, total: geometricMean},
	{name: NumQ, cut: neverCut, evaluate: func(ranked, Measure) float64 { return 1 }, total: sum},
	{name: NumRet, cut: neverCut, evaluate: func(r ranked, _ Measure) float64 { return float64(len(r.grades)) }, total: sum},
	{name: NumRel, cut: neverCut, evaluate: func(r ranked, _ Measure) float64 { return float64(r.relevant) }, total: sum},
	{name: NumRelRet, cut: neverCut, evaluate: func(r ranked, _ Measure) float64 { return float64(r.found(0)) }, total: sum},
	{name: NumNonRelRet, cut: neverCut, evaluate: ranked.irrelevantFound, total: sum},
}

// Names returns the names of all measures. R, P, relative_P, success, Judged,
// hole and share need a cutoff.
func Names() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// kind is the measure's row of the table.
func (m Measure) kind() *kind {
	for i := range kinds {
		if kinds[i].name == m.Name {
			return &kinds[i]
		}
	}
	panic("measure: Measure that Parse did not return")
}

// Averaged reports whether the measure is from 0 to 1 and averaged over
// queries: counts are not, and neither is the geometric mean.
func (m Measure) Averaged() bool { return m.kind().total == mean }

// EachLanguage stands for a measure in each language, as in share(*)@10.
const EachLanguage = "*"

// In returns the measure, or where it stands for one in each language, these.
func (m Measure) In(languages []string) []Measure {
	if m.Language != EachLanguage {
		return []Measure{m}
	}
	var each []Measure
	for _, m.Language = range languages {
		each = append(each, m)
	}
	return each
}

// String returns the usual spelling, such as nDCG@10, AP or RBP(p=0.5).
func (m Measure) String() string {
	s, k := m.Name, m.kind()
	number := strconv.FormatFloat(m.Parameter, 'g', -1, 64)
	switch {
	case m.Language != "":
		s += "(" + m.Language + ")"
	case k.cut == parameterAt:
		return s + "@" + number
	case k.parameter != nil && m.Parameter != k.parameter.otherwise:
		s += "(" + k.parameter.name + "=" + number + ")"
	}
	if m.Cutoff == 0 {
		return s
	}
	return s + "@" + strconv.Itoa(m.Cutoff)
}
