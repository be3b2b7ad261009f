package sources

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
)

// Reasons for which a row of the user's own data is rejected, beside those of lines.go.
const (
	badJSON         = "bad_json"
	nullValue       = "null_value"
	notFinite       = "not_finite"
	wrongDimensions = "wrong_dimensions"
)

// A cell is one value of a row, in the form of its column.
type cell struct {
	given    bool // the row has the column
	null     bool
	text     []byte
	list     [][]byte
	number   float64 // of integers too
	integers []int32
	vector   []float32 // of vectors, one after the other
	widths   []int     // how long each of them is
}

// ownRows turns cells into rows of the user's table.
type ownRows struct {
	mapping
	columns []column
	rows    *rows
	ids     map[string]*seen // by language; nil for tables without
}

func newOwnRows(r reading, m mapping) *ownRows {
	o := &ownRows{mapping: m, columns: m.layout(), rows: r.rows(m.schema())}
	if m.table != "pairs" && slices.ContainsFunc(o.columns, func(c column) bool { return c.name == schemas.ID }) {
		o.ids = map[string]*seen{}
	}
	return o
}

// complete gives a row what it lacks and finds what is wrong with its values. An id or origin that ferry makes up is left
// to put.
func (o *ownRows) complete(cells []cell) *bad {
	var lacking []string
	for i, c := range o.columns {
		v := &cells[i]
		switch {
		case v.given && !(v.null && (c.value != nil || c.optional)):
		case c.value != nil:
			*v = cell{given: true, text: []byte(*c.value)}
		case c.nullable:
			*v = cell{given: true, null: true}
		case c.optional:
			*v = cell{given: !c.madeUp()}
		default:
			lacking = append(lacking, c.from)
		}
	}
	if len(lacking) > 0 {
		return badly(missingColumns, "expected %s", strings.Join(lacking, ", "))
	}
	for i, c := range o.columns {
		if b := o.check(c, cells[i]); cells[i].given && b != nil {
			return b
		}
	}
	return nil
}

// madeUp tells whether a row that lacks the column gets one that says where it comes from.
func (c column) madeUp() bool {
	return c.optional && (c.name == schemas.ID || c.name == schemas.Origin)
}

// put adds a complete row, or says why it is bad. Origin and line name it where it has no id of its own.
func (o *ownRows) put(cells []cell, origin string, line int64) (*bad, error) {
	for i, c := range o.columns {
		if cells[i].given {
			continue
		}
		cells[i] = cell{given: true, text: []byte(origin)}
		if c.name == schemas.ID {
			cells[i].text = strconv.AppendInt([]byte(origin+":"), line, 10)
		}
		if b := o.check(c, cells[i]); b != nil {
			return b, nil
		}
	}
	return o.add(cells)
}

// check finds what is wrong with one value.
func (o *ownRows) check(c column, v cell) *bad {
	if v.null {
		if c.nullable {
			return nil
		}
		return badly(nullValue, "%s is null", c.from)
	}
	switch c.form {
	case textForm:
		if problem := problemOf(v.text); problem != "" {
			return badly(problem, "in %s", c.from)
		}
		if c.name == schemas.ID && len(v.text) == 0 {
			return badly(badValue, "%s is empty", c.from)
		}
	case listForm:
		for _, t := range v.list {
			if problem := problemOf(t); problem != "" {
				return badly(problem, "in %s", c.from)
			}
		}
	case integerForm:
		if v.number != math.Trunc(v.number) || v.number < math.MinInt32 || v.number > math.MaxInt32 {
			return badly(badValue, "%s is %v, no whole number of 32 bits", c.from, v.number)
		}
	case numberForm:
		if math.IsNaN(v.number) {
			return badly(notFinite, "%s is not a number", c.from)
		}
		if scale := float32(v.number); c.name == schemas.Scale && scale-scale != 0 {
			return badly(notFinite, "%s is %v", c.from, v.number)
		}
	case vectorForm, vectorsForm, numbersForm:
		return o.checkVectors(c, v)
	}
	return nil
}

func (o *ownRows) checkVectors(c column, v cell) *bad {
	for _, width := range v.widths {
		if width != o.dimensions && c.form != numbersForm {
			return badly(wrongDimensions, "%s has %d dimensions, expected %d", c.from, width, o.dimensions)
		}
	}
	for i, x := range v.vector {
		if x-x != 0 { // NaN and the infinities
			return badly(notFinite, "%s has %v at %d", c.from, x, i)
		}
		switch {
		case c.form == numbersForm:
		case o.scaled && float32(int8(x)) != x:
			return badly(badValue, "%s has %v at %d: beside scales, its numbers are whole and of 8 bits", c.from, x, i)
		case !o.scaled && c.form == vectorsForm && math.Abs(float64(x)) >= beyondHalf:
			return badly(notFinite, "%s has %v at %d, which 16 bits do not hold", c.from, x, i)
		}
	}
	return nil
}

// beyondHalf is the smallest number that becomes infinite in 16 bits.
const beyondHalf = 65520

// add adds a row whose values are good one by one.
func (o *ownRows) add(cells []cell) (*bad, error) {
	by := func(name string) cell {
		return cells[slices.IndexFunc(o.columns, func(c column) bool { return c.name == name })]
	}
	if o.table == "token_vectors" {
		if ids, found := len(by(schemas.IDs).integers), len(by(schemas.TokenVectorList).widths); ids != found {
			return badly(badValue, "%d ids, %d vectors", ids, found), nil
		}
		if o.scaled {
			if scales, found := len(by(schemas.Scales).vector), len(by(schemas.TokenVectorList).widths); scales != found {
				return badly(badValue, "%d scales, %d vectors", scales, found), nil
			}
		}
	}
	if o.ids != nil {
		language, id := by(schemas.Language).text, by(schemas.ID).text
		ids := o.ids[string(language)]
		if ids == nil {
			ids = newSeen()
			o.ids[string(language)] = ids
		}
		if !ids.add(id) {
			return badly(duplicateID, "id %s has come before in %s", id, language), nil
		}
	}
	empty := false
	switch o.table {
	case "documents", "passages":
		empty = blank(by(schemas.Text).text) && blank(by(schemas.Title).text)
	case "queries":
		empty = blank(by(schemas.Text).text)
	case "pairs":
		empty = blank(by(schemas.SourceText).text) || blank(by(schemas.TargetText).text)
	}
	if empty {
		return emptyRow, nil
	}
	for i, c := range o.columns {
		o.append(c, cells[i])
	}
	return nil, o.rows.end()
}

func (o *ownRows) append(c column, v cell) {
	if v.null {
		o.rows.null()
		return
	}
	switch c.form {
	case textForm:
		o.rows.texts(v.text)
	case bytesForm:
		o.rows.binary(v.text)
	case listForm:
		o.rows.list(v.list...)
	case integerForm:
		o.rows.integer(int32(v.number))
	case numberForm:
		o.rows.number(v.number)
	case integersForm:
		o.rows.integers(v.integers)
	case vectorForm:
		o.rows.vector(v.vector)
	case vectorsForm:
		o.rows.vectors(v.vector, o.dimensions)
	case numbersForm:
		o.rows.numbers(v.vector)
	}
}
