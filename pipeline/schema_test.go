package pipeline

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// TestSchema validates pipeline files against the JSON Schema, as an editor would.
func TestSchema(t *testing.T) {
	schema := compile(t)
	for _, file := range []string{"../pipeline.yaml", "../commands/starter.yaml", "testdata/whole.yaml"} {
		if err := validate(t, schema, file); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	// What the Schema can see: keys, kinds, types.
	refused := []string{
		"unknown-key.bad.yaml", "unknown-key-far.bad.yaml", "unknown-section.bad.yaml", "unknown-kind.bad.yaml", "missing-kind.bad.yaml",
		"missing-required.bad.yaml", "wrong-types.bad.yaml", "many.bad.yaml", "section-list.bad.yaml", "not-a-mapping.bad.yaml",
	}
	for _, file := range corpus(t, "good") {
		if err := validate(t, schema, file); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	for _, file := range refused {
		if validate(t, schema, file) == nil {
			t.Errorf("%s is valid", file)
		}
	}
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("pipeline.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("pipeline.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// validate turns a YAML file into JSON and validates that.
func validate(t *testing.T, schema *jsonschema.Schema, file string) error {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := yaml.Unmarshal(text, &value); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(instance)
}

// TestDescriptions makes sure that every kind and key is described, by a sentence.
func TestDescriptions(t *testing.T) {
	all, err := Describe()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(kinds) || len(all) < 15 {
		t.Fatalf("%d descriptions of %d kinds", len(all), len(kinds))
	}
	scheduled, err := DescribeSchedule()
	if err != nil {
		t.Fatal(err)
	}
	all = append(all, Description{"schedule", "schedule", "The section that says when to run.", scheduled})
	for _, d := range all {
		if !sentence(d.Doc) || len(d.Summary()) < 10 {
			t.Errorf("%s.%s: description %q, summary %q", d.Section, d.Kind, d.Doc, d.Summary())
		}
		if len(d.Keys) == 0 {
			t.Errorf("%s.%s has no keys", d.Section, d.Kind)
		}
		var keys []string
		for _, k := range d.Keys {
			if !sentence(k.Doc) {
				t.Errorf("%s.%s.%s: description %q", d.Section, d.Kind, k.Key, k.Doc)
			}
			if k.Key != strings.ToLower(k.Key) || slices.Contains(keys, k.Key) {
				t.Errorf("%s.%s: the key %q", d.Section, d.Kind, k.Key)
			}
			if k.Required && !reflect.ValueOf(k.Default).IsZero() {
				t.Errorf("%s.%s.%s is said to be required, and has the default %v", d.Section, d.Kind, k.Key, k.Default)
			}
			keys = append(keys, k.Key)
		}
	}
}

func sentence(s string) bool { return len(s) > 10 && strings.HasSuffix(strings.TrimSpace(s), ".") }
