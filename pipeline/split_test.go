package pipeline

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/ferry-clir/ferry/schemas"
)

// TestSplit splits everything that has an id. Each row is in the share where its hash says, in order and none twice;
// whatever else is in the table; judgments follow; what is read is accounted for.
func TestSplit(t *testing.T) {
	folder, file := folderWith(t, "split.yaml")
	if err := run(t.Context(), t, file, Options{Workers: 3}); err != nil {
		t.Fatal(err)
	}
	column := func(table, name string) []string {
		return values(t, filepath.Join(folder, "out", table+".parquet"), name)
	}
	between := func(low, high float64, ids []string) (in []string) {
		for _, id := range ids {
			sum := sha256.Sum256([]byte(id))
			if x := float64(binary.BigEndian.Uint64(sum[:])) / math.Exp2(64); low <= x && x < high {
				in = append(in, id)
			}
		}
		return in
	}
	all := column("queries", schemas.ID)
	for name, share := range map[string][2]float64{"adapt": {0, 0.4}, "dev": {0.4, 0.5}, "test": {0.5, 1}} {
		if got, want := column(name, schemas.ID), between(share[0], share[1], all); !slices.Equal(got, want) || len(want) == 0 {
			t.Errorf("%s has %d rows, want %d", name, len(got), len(want))
		}
	}
	dev, more := column("dev", schemas.ID), column("more", schemas.ID)
	if slices.ContainsFunc(dev, func(id string) bool { return !slices.Contains(more, id) }) || len(more) <= len(dev) {
		t.Errorf("of %d rows of dev, some are elsewhere when there are others beside them", len(dev))
	}
	if got := column("documents", schemas.ID); len(got) == 0 || len(between(0.4, 0.5, got)) != len(got) {
		t.Errorf("the documents of dev are %v", got)
	}
	query, document := column("judgments", schemas.QueryID), column("judgments", schemas.DocumentID)
	if len(query) == 0 || len(between(0.4, 0.5, query)) != len(query) || len(between(0.4, 0.5, document)) != len(document) {
		t.Error("judgments of dev judge what is not in dev")
	}
	if graded := column("graded", schemas.QueryID); len(graded) <= len(query) || len(between(0.4, 0.5, graded)) != len(graded) {
		t.Errorf("%d judgments of the queries of dev, %d of documents in it too", len(graded), len(query))
	}
	counted := manifestCounts(t, filepath.Join(folder, "out", "split.manifest.json"))
	judgments, pairs := counted["stages.judgments"], counted["stages.pairs"]
	if straddling := judgments.Dropped["ids_in_different_shares"]; straddling == 0 || straddling+judgments.Out["adapt"]+judgments.Out["dev"]+judgments.Out["test"] != judgments.In["mtop.judgments"] {
		t.Errorf("judgments: %+v", judgments)
	}
	if pairs.Out["sample"] == 0 || pairs.Dropped["in_no_share"]+pairs.Out["sample"] != pairs.In["bitext"] {
		t.Errorf("pairs: %+v", pairs)
	}
}

// values reads a column of texts.
func values(t *testing.T, file, name string) []string {
	t.Helper()
	column := columnOf[*array.String](t, file, name)
	list := make([]string, column.Len())
	for i := range list {
		list[i] = column.Value(i)
	}
	return list
}

// manifestCounts reads where the rows went, by step.
func manifestCounts(t *testing.T, file string) map[string]counts {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Steps []struct {
			Step string
			counts
		}
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	byName := map[string]counts{}
	for _, s := range manifest.Steps {
		byName[s.Step] = s.counts
	}
	return byName
}
