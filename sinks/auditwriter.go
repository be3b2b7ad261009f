package sinks

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/csv"

	"github.com/ferry-clir/ferry/schemas"
)

// WriteAudit writes an audit and its split words as a table with bars for people, as json, or as csv, which has no split words.
func WriteAudit(w io.Writer, format string, audit, split schemas.Table) error {
	var err error
	switch format {
	case "json":
		err = writeAuditJSON(w, audit, split)
	case "csv":
		err = writeCSV(w, audit)
	default:
		err = writeAuditTable(w, audit, split)
	}
	if err != nil {
		return fmt.Errorf("writing audit: %w", err)
	}
	return nil
}

func writeAuditTable(w io.Writer, audit, split schemas.Table) error {
	rows, err := readAudits(context.Background(), []schemas.Table{audit})
	if err != nil {
		return err
	}
	lines := []string{rows.headline()}
	words := [][]string{{"language", "script", "split word", "pieces", "count"}}
	for batch, err := range split.Batches(context.Background()) {
		if err != nil {
			return err
		}
		text := func(name string, i int) string {
			return batch.Column(batch.Schema().FieldIndices(name)[0]).ValueStr(i)
		}
		pieces := column[*array.List](batch, schemas.Pieces)
		for i := range int(batch.NumRows()) {
			from, to := pieces.ValueOffsets(i)
			list := make([]string, 0, to-from)
			for j := from; j < to; j++ {
				list = append(list, pieces.ListValues().ValueStr(int(j)))
			}
			words = append(words, []string{text(schemas.Language, i), text(schemas.ScriptCode, i), text(schemas.Word, i), strings.Join(list, " "), text(schemas.Count, i)})
		}
	}
	if len(words) > 1 {
		lines = append(append(lines, ""), alignedLines(words, 4)...)
	}
	_, err = fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

func writeAuditJSON(w io.Writer, audit, split schemas.Table) error {
	tables := map[string][]json.RawMessage{schemas.AuditTable: {}, schemas.SplitWordsTable: {}}
	for name, t := range map[string]schemas.Table{schemas.AuditTable: audit, schemas.SplitWordsTable: split} {
		for batch, err := range t.Batches(context.Background()) {
			if err != nil {
				return err
			}
			rows, err := batch.MarshalJSON()
			var list []json.RawMessage
			if err == nil {
				err = json.Unmarshal(rows, &list)
			}
			if err != nil {
				return err
			}
			tables[name] = append(tables[name], list...)
		}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(tables)
}

// writeCSV writes a table with a header; a null is an empty field.
func writeCSV(w io.Writer, t schemas.Table) error {
	c := csv.NewWriter(w, t.Schema, csv.WithHeader(true), csv.WithNullWriter(""))
	for batch, err := range t.Batches(context.Background()) {
		if err != nil {
			return err
		}
		if err := c.Write(batch); err != nil {
			return err
		}
	}
	return c.Flush()
}
