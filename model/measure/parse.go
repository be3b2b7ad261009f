package measure

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A parameter is what stands between a measure's parentheses.
type parameter struct {
	name      string
	otherwise float64 // its value where none is given
	valid     func(x float64) bool
	must      string // what it must be, for messages
}

var (
	persistence  = &parameter{"p", 0.9, func(x float64) bool { return x > 0 && x < 1 }, "must be between 0 and 1"}
	highestGrade = &parameter{"max", 4, func(x float64) bool { return x >= 1 && x <= 30 && x == math.Trunc(x) },
		"must be a whole number from 1 to 30, the highest grade there is"}
	recallWeight = &parameter{"beta", 1, func(x float64) bool { return x > 0 && x <= 1000 }, "must be above 0 and at most 1000"}
	recallLevel  = &parameter{"recall", 0.1, func(x float64) bool { return x >= 0 && x <= 1 }, "must be from 0 to 1"}
	multiple     = &parameter{"multiple", 1, func(x float64) bool { return x > 0 && x <= 1000 }, "must be above 0 and at most 1000"}
)

// Parse reads a measure such as nDCG@10, AP, R@100, RBP(p=0.5) or share(sw)@10,
// its name in any case, and the spellings of trec_eval (ndcg_cut_10, map,
// recip_rank, recall.100, iprec_at_recall_0.10). The error for an unknown name
// suggests the nearest known one.
func Parse(s string) (Measure, error) {
	m, err := parse(strings.TrimSpace(s))
	if err != nil {
		return Measure{}, fmt.Errorf("parsing measure %q: %w", s, err)
	}
	return m, nil
}

func parse(s string) (Measure, error) {
	if _, err := strconv.Atoi(s); err == nil || severalCutoffs.MatchString(s) { // trec_eval's -m ndcg_cut.5,10
		return Measure{}, errors.New("each cutoff needs a measure before it, as in nDCG@5,nDCG@10")
	}
	name, inside, number, err := split(s)
	if err != nil {
		return Measure{}, err
	}
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.spelled(name) })
	if i < 0 {
		return Measure{}, fmt.Errorf("unknown measure; did you mean %q?", nearest(name, number))
	}
	k := &kinds[i]
	m := Measure{Name: k.name}
	if k.parameter != nil {
		m.Parameter = k.parameter.otherwise
	}
	if err := m.cutAt(k, number); err != nil {
		return Measure{}, err
	}
	switch {
	case k.language == oneLanguage && inside == nil:
		return Measure{}, fmt.Errorf("%s needs a language, as in %s", k.name, k.example())
	case inside == nil:
		return m, nil
	case k.language != noLanguage:
		if *inside == "" || strings.ContainsAny(*inside, ":=() \t") {
			return Measure{}, fmt.Errorf("the parentheses hold no language, as in %s", k.example())
		}
		m.Language = *inside
		return m, nil
	case k.parameter == nil || k.cut == parameterAt:
		return Measure{}, fmt.Errorf("%s has no parameter in parentheses", k.name)
	}
	key, value, _ := strings.Cut(*inside, "=")
	x, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !strings.EqualFold(strings.TrimSpace(key), k.parameter.name) {
		return Measure{}, fmt.Errorf("the parameter of %s is written as in %s(%s=%v)", k.name, k.name, k.parameter.name, k.parameter.otherwise)
	}
	m.Parameter = x
	return m, k.parameter.check(x)
}

func (p *parameter) check(x float64) error {
	if !p.valid(x) {
		return fmt.Errorf("%s is %v, and %s", p.name, x, p.must)
	}
	return nil
}

// cutAt reads what stands behind the name: a cutoff or, where that is its
// place, the parameter; nil is nothing.
func (m *Measure) cutAt(k *kind, number *string) (err error) {
	switch {
	case number == nil && (k.cut == mustBeCut || k.cut == parameterAt):
		return fmt.Errorf("%s needs a cutoff, as in %s", k.name, k.example())
	case number == nil:
		return nil
	case k.cut == neverCut:
		return fmt.Errorf("%s looks at all hits and has no cutoff", k.name)
	case k.cut == parameterAt:
		if m.Parameter, err = strconv.ParseFloat(*number, 64); err != nil {
			return fmt.Errorf("%s %q is no number, as in %s", k.parameter.name, *number, k.example())
		}
		return k.parameter.check(m.Parameter)
	}
	m.Cutoff, err = strconv.Atoi(*number)
	if err != nil || m.Cutoff < 1 || (*number)[0] == '+' {
		return fmt.Errorf("the cutoff %q is not a whole number above 0", *number)
	}
	return nil
}

// example is a measure of the kind, for messages.
func (k *kind) example() Measure {
	m := Measure{Name: k.name}
	if k.parameter != nil {
		m.Parameter = k.parameter.otherwise
	}
	if k.cut == mustBeCut {
		m.Cutoff = 10
	}
	if k.language == oneLanguage {
		m.Language = "sw"
	}
	return m
}

var severalCutoffs = regexp.MustCompile(`[0-9],[0-9]+$`)

// cutTrecEval is a number as trec_eval's spellings end with.
var cutTrecEval = regexp.MustCompile(`[_.]([0-9]+(\.[0-9]+)?)$`)

// split takes off what stands in parentheses, and the number behind "@" or,
// in trec_eval's spellings, behind "_" or "."; nil where there is none.
func split(s string) (name string, inside, number *string, err error) {
	if before, rest, found := strings.Cut(s, "("); found {
		in, after, closed := strings.Cut(rest, ")")
		if !closed || in == "" {
			return "", nil, nil, errors.New("the parentheses do not hold a parameter, as in RBP(p=0.5)")
		}
		s, inside = before+after, &in
	}
	if name, behind, found := strings.Cut(s, "@"); found {
		return name, inside, &behind, nil
	}
	if at := cutTrecEval.FindStringSubmatchIndex(s); at != nil {
		behind := s[at[2]:]
		return s[:at[0]], inside, &behind, nil
	}
	return s, inside, nil, nil
}

// spelled reports whether name is the kind's, or one of its aliases, in any
// case.
func (k *kind) spelled(name string) bool {
	return slices.ContainsFunc(k.spellings(), func(known string) bool { return strings.EqualFold(known, name) })
}

func (k *kind) spellings() []string { return append([]string{k.name}, k.aliases...) }
