package sources

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/schemas"
)

// JSONL reads the user's own data from files of one JSON object a line, bare, gzip, zstd or zip.
//
// The table says what they hold: documents (language, id, title, text), passages (language, id, title, text, document_id),
// queries (language, id, text, exclude), judgments (query_id, document_id, grade, query_language, document_language), triples
// (query_id, positive_id, negative_id, query_language, positive_language, negative_language), pairs (id, source_language,
// target_language, source_text, target_text, origin), vectors (language, id, vector), token_vectors (language, id, ids,
// vectors) or hits (query_language, query_id, document_language, document_id, rank, score). Title, exclude, the languages of
// judgments and triples, and id and origin of pairs may be absent; vectors of queries may have exclude, those of passages
// document_id, and those of whole numbers of 8 bits scale, or token vectors scales: what to multiply with. Ids may be numbers. Objects may hold more than the table needs.
//
// A language and id that come twice are rejected the second time. To find out costs a bit a row where ids are numbers, else
// about 30 bytes. So are vectors of another length than the first one's.
type JSONL struct {
	OwnFiles `yaml:",inline"`
	// MaxLine is the longest line in bytes; longer ones go to quarantine.
	MaxLine int `yaml:"max_line"`
}

// NewJSONL returns the defaults: documents.
func NewJSONL() *JSONL {
	return &JSONL{OwnFiles: OwnFiles{Table: "documents"}, MaxLine: defaultMaxLine}
}

// Validate returns what cannot work, from the keys and the first lines.
func (j *JSONL) Validate() []schemas.Mistake {
	if j.Table == "compressed" {
		return []schemas.Mistake{{Key: "table", Problem: "compressed holds bytes, which only Parquet does: read it by the kind parquet"}}
	}
	m, keys := j.mapping()
	return append(lineMistakes(j.MaxLine), j.mistakes(m, keys)...)
}

// Tables is the table that is named.
func (j *JSONL) Tables() []schemas.TableType {
	m, _ := j.mapping()
	return m.tables()
}

// Read streams the rows in file order.
func (j *JSONL) Read(ctx context.Context, table string, out schemas.Output) error {
	m, _ := j.mapping()
	if table != m.table {
		return noTable("jsonl", table)
	}
	if m.schema() == nil {
		return noDimensions
	}
	files, err := globs(j.Path)
	if err != nil {
		return err
	}
	return readObjects(newReading(ctx, out, j.MaxLine), m, files, nil)
}

// mapping is that of the keys, completed by the first lines; with the keys of the objects found there, nil if the files
// cannot be read or are empty.
func (j *JSONL) mapping() (mapping, []string) {
	m := j.named()
	files, err := globs(j.Path)
	if err != nil || len(files) == 0 {
		return m, nil
	}
	const glance = 20
	nothing := schemas.Output{Reject: func(schemas.Rejected) error { return nil }, Drop: func(string, int64) {}}
	l, err := openLines[struct{}](newReading(context.Background(), nothing, max(j.MaxLine, 1)), files[0], nil, nil)
	if err != nil {
		return m, nil
	}
	defer l.close()
	var keys []string
	for l.number < glance && l.next() {
		var object map[string]json.RawMessage
		if json.Unmarshal(l.text, &object) != nil {
			continue
		}
		m.complete(object)
		for _, key := range sortedKeys(object) {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	m.take(keys)
	return m, keys
}

// complete takes the dimensions from a row, where they are not known yet.
func (m *mapping) complete(object map[string]json.RawMessage) {
	if !m.hasVectors() {
		return
	}
	for _, c := range m.layout() {
		if raw, ok := object[c.from]; ok && m.dimensions == 0 && (c.form == vectorForm || c.form == vectorsForm) {
			if v, err := parseCell(c.form, raw); err == nil && len(v.vector) > 0 {
				m.dimensions = v.widths[0]
			}
		}
	}
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// readObjects reads files of JSON objects. Change may alter a row, or return the reason to drop it; it may be nil, and is
// called on several goroutines at once.
func readObjects(r reading, m mapping, files []string, change func([]cell) (drop string)) error {
	o := newOwnRows(r, m)
	defer o.rows.release()
	parse := func(line []byte, _ *splitter) ([]cell, *bad) {
		cells := make([]cell, len(o.columns))
		b := parseObject(line, o.columns, cells)
		if b == nil && change != nil {
			if reason := change(cells); reason != "" {
				return nil, drop(reason)
			}
		}
		if b == nil {
			b = o.complete(cells)
		}
		if b != nil && b.reason == missingColumns {
			b.detail += ", found " + keysOf(line)
		}
		return cells, b
	}
	for i, l := range scanFiles(r, files, parse) {
		origin := bare(files[i])
		if err := l.each(func() (*bad, error) { return o.put(l.value, origin, l.number) }); err != nil {
			return err
		}
	}
	return o.rows.flush()
}

func keysOf(line []byte) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(line, &object) != nil || len(object) == 0 {
		return "none"
	}
	return strings.Join(sortedKeys(object), ", ")
}

// parseObject fills cells with the values of a line.
func parseObject(line []byte, columns []column, cells []cell) *bad {
	values := make([]json.RawMessage, len(columns))
	scanned := scanObject(line, func(key, value []byte) {
		for i := range columns {
			if columns[i].from == string(key) {
				values[i] = value
			}
		}
	})
	if !scanned {
		clear(values)
		if b := decodeObject(line, columns, values); b != nil {
			return b
		}
	}
	for i, c := range columns {
		raw := values[i]
		cells[i] = cell{given: raw != nil, null: string(raw) == "null"}
		if raw == nil || cells[i].null {
			continue
		}
		var err error
		if cells[i], err = parseCell(c.form, raw); err != nil {
			return badly(badValue, "%s: %s", c.from, err)
		}
	}
	return nil
}

// decodeObject finds the values of a line, or what is wrong with it.
func decodeObject(line []byte, columns []column, values []json.RawMessage) *bad {
	var object map[string]json.RawMessage
	var other *json.UnmarshalTypeError
	if err := json.Unmarshal(line, &object); errors.As(err, &other) {
		return badly(badJSON, "a line should be one object, is %s", other.Value)
	} else if err != nil {
		return badly(badJSON, "%s", err)
	}
	for i, c := range columns {
		values[i] = object[c.from]
	}
	return nil
}

func parseCell(f form, raw json.RawMessage) (cell, error) {
	v := cell{given: true}
	if f != textForm && f != listForm && bytes.Contains(raw, []byte("null")) {
		return v, errors.New("holds null")
	}
	var err error
	switch f {
	case textForm:
		v.text, err = parseText(raw)
	case listForm:
		var items []json.RawMessage
		err = json.Unmarshal(raw, &items)
		for i := 0; i < len(items) && err == nil; i++ {
			var item []byte
			item, err = parseText(items[i])
			v.list = append(v.list, item)
		}
	case integerForm, numberForm:
		err = json.Unmarshal(raw, &v.number)
	case integersForm:
		err = json.Unmarshal(raw, &v.integers)
	case vectorForm, numbersForm:
		err = json.Unmarshal(raw, &v.vector)
		v.widths = []int{len(v.vector)}
	case vectorsForm:
		var rows [][]float32
		err = json.Unmarshal(raw, &rows)
		for _, row := range rows {
			v.vector = append(v.vector, row...)
			v.widths = append(v.widths, len(row))
		}
	}
	return v, err
}

// parseText takes a string, or a number as it is written. Half of a surrogate pair, which is no character, is not UTF-8.
func parseText(raw json.RawMessage) ([]byte, error) {
	if raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9' {
		return raw, nil
	}
	if raw[0] != '"' {
		return nil, fmt.Errorf("should be text, is %.20s", raw)
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	if strings.Contains(s, "\ufffd") && !bytes.Contains(raw, []byte("\ufffd")) && !bytes.Contains(bytes.ToLower(raw), []byte(`\ufffd`)) {
		return nil, errors.New("holds half of a surrogate pair")
	}
	return []byte(s), nil
}
