package pipeline

import (
	"embed"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/ferry-clir/ferry/pipeline/schedule"
	"github.com/ferry-clir/ferry/pipeline/strict"
)

// Schema is the JSON Schema of pipeline files, for editors: every kind with its keys, their descriptions and defaults.
func Schema() ([]byte, error) {
	described, err := Describe()
	if err != nil {
		return nil, err
	}
	docs := comments{}
	for _, code := range []embed.FS{headerCode, schedule.Code} {
		if err := docs.read(code); err != nil {
			return nil, err
		}
	}
	properties := map[string]any{}
	for _, k := range docs.keys(reflect.ValueOf(newHeader()).Elem()) {
		properties[k.Key] = map[string]any{"description": k.Doc, "type": []string{"string", "integer", "number"}}
	}
	scheduled := mappingSchema(docs.keys(reflect.ValueOf(schedule.NewConfig())))
	scheduled["description"] = docs["pipeline.header.Schedule"]
	properties["schedule"] = scheduled
	properties["matrix"] = matrixSchema(docs["pipeline.header.Matrix"])
	for _, section := range sections {
		var anyOf []any
		for _, d := range described {
			if d.Section == section {
				anyOf = append(anyOf, d.schema())
			}
		}
		properties[section] = map[string]any{
			"description":          docs["pipeline.header."+fieldNamed[section]],
			"type":                 "object",
			"additionalProperties": map[string]any{"oneOf": anyOf},
		}
	}
	data, err := json.MarshalIndent(map[string]any{
		"$schema":              "https://json-schema.org/draft/2020-12/schema",
		"title":                "ferry pipeline",
		"type":                 "object",
		"properties":           properties,
		"additionalProperties": false,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing schema: %w", err)
	}
	return append(data, '\n'), nil
}

// matrixSchema is the JSON Schema of the matrix.
func matrixSchema(doc string) map[string]any {
	label := map[string]any{"type": []string{"string", "number", "boolean"}}
	values := map[string]any{"anyOf": []any{
		label, map[string]any{"type": "array", "items": label, "minItems": 1}, map[string]any{"type": "object", "minProperties": 1},
	}}
	cells := func(what string) map[string]any {
		choice := map[string]any{"type": "object", "additionalProperties": values, "minProperties": 1}
		return map[string]any{"description": what, "anyOf": []any{choice, map[string]any{"type": "array", "items": choice}}}
	}
	return map[string]any{
		"description": doc, "type": "object", "minProperties": 1,
		"properties": map[string]any{
			"exclude": cells("Cells that are left out: axes with a label or several; an axis that is not named stands for all its values."),
			"include": cells("Cells that are added, in the same form. Labels that an axis does not have are new values."),
		},
		"additionalProperties": values,
	}
}

var fieldNamed = map[string]string{"sources": "Sources", "models": "Models", "stages": "Stages", "sinks": "Sinks"}

// schema is the JSON Schema of one kind.
func (d Description) schema() map[string]any {
	s := mappingSchema(d.Keys)
	s["title"], s["description"] = d.Kind, oneLine(d.Doc)
	s["properties"].(map[string]any)["kind"] = map[string]any{"const": d.Kind, "description": d.Summary()}
	s["required"] = append([]string{"kind"}, s["required"].([]string)...)
	return s
}

// mappingSchema is the JSON Schema of a mapping with these keys.
func mappingSchema(keys []KeyDescription) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, k := range keys {
		p := valueSchema(k.Type)
		p["description"] = k.Doc
		if !reflect.ValueOf(k.Default).IsZero() {
			p["default"] = k.Default
		}
		properties[k.Key] = p
		if k.Required {
			required = append(required, k.Key)
		}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// valueSchema is the JSON Schema of a value. Every list may be written as a single value, and every value as a
// ${VARIABLE}.
func valueSchema(t reflect.Type) map[string]any {
	if t == durationType {
		return map[string]any{"type": "string"}
	}
	variable := map[string]any{"type": "string", "pattern": `\$\{`}
	var own map[string]any
	switch t.Kind() {
	case reflect.Bool:
		own = map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint64:
		own = map[string]any{"type": "integer"}
	case reflect.Float32, reflect.Float64:
		own = map[string]any{"type": "number"}
	case reflect.Pointer: // may be left out
		return valueSchema(t.Elem())
	case reflect.Slice:
		item := valueSchema(t.Elem())
		own = map[string]any{"anyOf": []any{item, map[string]any{"type": "array", "items": item}}}
	case reflect.Map:
		own = map[string]any{"type": "object", "additionalProperties": valueSchema(t.Elem())}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Struct: // of single values
		properties := map[string]any{}
		for i := range t.NumField() {
			properties[strict.Key(t.Field(i))] = valueSchema(t.Field(i).Type)
		}
		return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	default: // kinds with a form of their own
		return map[string]any{}
	}
	return map[string]any{"anyOf": []any{own, variable}}
}
