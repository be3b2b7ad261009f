package spark

import (
	"fmt"
	"strings"
	"testing"
)

func TestStatement(t *testing.T) {
	got := statement(`'/a b/ferry' task`, []string{`{"text":"ü\n'é","shard":1}`, `{"text":"ü\n'è","shard":2}`})
	want := `SELECT TRANSFORM(line) USING '\'/a b/ferry\' task' AS (answer STRING) FROM (SELECT concat('{"text":"ü\\n\'', ` +
		`element_at(array('é","shard":1}','è","shard":2}'), CAST(id AS INT) + 1)) AS line FROM range(0, 2, 1, 2))`
	if got != want {
		t.Errorf("statement is\n%s\nwant\n%s", got, want)
	}
	var many []string
	for i := range 10_000 {
		many = append(many, fmt.Sprintf(`{"pipeline":"%s","shard":%d,"rows":8192}`, strings.Repeat("long/", 200), i))
	}
	if n := len(statement("ferry task", many)); n > 1<<20 {
		t.Errorf("the statement of 10,000 tasks has %d bytes, and the client takes 4 MB", n)
	}
}

func TestAddress(t *testing.T) {
	for _, address := range []string{"sc://host", "sc://host:15002", "sc://127.0.0.1:15002/;token=abc", "spark://host:7077"} {
		if err := CheckAddress(address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"", "host:15002", "http://host", "sc://", "sc://:1", "spark://", "sc://a b", "\x00"} {
		if err := CheckAddress(address); err == nil {
			t.Errorf("%q is said to be an address", address)
		}
	}
}

// TestNobody connects to a port that nobody listens on: the error says so, and nothing of the statement.
func TestNobody(t *testing.T) {
	_, err := Connect(t.Context(), "sc://127.0.0.1:1")
	if err == nil || !strings.HasPrefix(err.Error(), "the Connect server does not answer: ") || strings.Contains(err.Error(), "SELECT") {
		t.Errorf("error is %v", err)
	}
}
