package pipeline

import (
	"strings"
	"testing"
)

// TestDescribeTables: every table and every column says what it is, but for the column of a loss.
func TestDescribeTables(t *testing.T) {
	tables, err := DescribeTables()
	if err != nil || len(tables) == 0 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	docs, err := readTableDocs()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if !strings.HasPrefix(table.Doc, "The table of ") {
			t.Errorf("%s is said to be %q", table.Name, table.Doc)
		}
		for _, c := range table.Columns {
			if docs.columns[c.Name] == "" && c.Name != "ot" {
				t.Errorf("%s.%s: nothing says what it is", table.Name, c.Name)
			}
		}
	}
}
