package spark

import (
	"fmt"
	"strings"
	"testing"
)

// TestFitting cuts lines into statements, each of which the client takes back.
func TestFitting(t *testing.T) {
	lines := make([]string, 40_000)
	for i := range lines {
		lines[i] = fmt.Sprintf(`{"pipeline":"some.yaml","shard":%d,"content":{"bytes":12582912,"sha256":"%064x"},"rows":8192}`, i, i)
	}
	jobs := 0
	for ; len(lines) > 0; jobs++ {
		n := fitting(lines)
		if text := statement("ferry task", lines[:n]); n == 0 || len(text) > 3<<20 {
			t.Fatalf("%d lines make a statement of %d bytes", n, len(text))
		}
		lines = lines[n:]
	}
	if jobs < 2 || jobs > 4 || fitting([]string{strings.Repeat("x", 3<<20)}) != 1 {
		t.Errorf("%d jobs", jobs)
	}
}

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
	for _, address := range []string{"sc://host", "sc://host:15002", "sc://127.0.0.1:15002/;token=abc=;use_ssl=true;x-header=1", "spark://host:7077", "spark://one:7077,two:7077", "spark://[::1]:7077"} {
		if err := CheckAddress(address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"", "host:15002", "http://host", "sc://", "sc://:1", "spark://", "sc://a b", "\x00", "sc://host/;use_ssl=perhaps", "sc://host/;token", "sc://host/;token=%zz",
		"sc://host/;use_ssl=false;token=abc", "sc://host/path", "sc://host:port;token=abc", "sc://host:99999",
		"spark://127.0.0.1", "spark://host:99999", "spark://host:0", "spark://host:7077/", "spark://one:7077,", "spark://one:7077,two", "spark://one:7077, two:7077", "spark://host:7077/;token=abc"} {
		if err := CheckAddress(address); err == nil || strings.Contains(err.Error(), "abc") {
			t.Errorf("%q: error is %v", address, err)
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
