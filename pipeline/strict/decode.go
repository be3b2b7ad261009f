package strict

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Decoder fills Go values from YAML nodes, strictly: every key must exist, every value must have the right type. It
// goes on after a mistake, so that all are found at once.
type Decoder struct {
	*Found
	Lookup func(variable string) (string, bool)
	At     map[string]*yaml.Node // where each key stands, by its dotted path
}

// Decode fills v from n; where is the dotted path of n.
func (d *Decoder) Decode(n *yaml.Node, v reflect.Value, where string) {
	d.At[where] = n
	if n.Kind == yaml.ScalarNode && !d.interpolate(n, where) {
		return
	}
	if u, ok := v.Addr().Interface().(yaml.Unmarshaler); ok {
		if err := u.UnmarshalYAML(n); err != nil {
			d.Add(n, where, "%s", err)
		}
		return
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(n.Value)); n.Kind != yaml.ScalarNode {
			d.Add(n, where, "should be a single value, is %s", Describe(n))
		} else if err != nil {
			d.Add(n, where, "%s", err)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.decodeStruct(n, v, where)
	case reflect.Map:
		d.decodeMap(n, v, where)
	case reflect.Slice:
		d.decodeSlice(n, v, where)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.Decode(n, v.Elem(), where)
	default:
		d.decodeScalar(n, v, where)
	}
}

func (d *Decoder) decodeStruct(n *yaml.Node, v reflect.Value, where string) {
	if n.Kind != yaml.MappingNode {
		d.Add(n, where, "should be a mapping of keys to values, is %s", Describe(n))
		return
	}
	fields := Fields(v)
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		field, ok := fields[key.Value]
		switch {
		case !ok:
			d.Add(key, where, "unknown key %q%s", key.Value, DidYouMean(key.Value, Keys(v.Type())))
		case seen[key.Value]:
			d.Add(key, where, "key %q stands here twice", key.Value)
		default:
			seen[key.Value] = true
			d.Decode(value, field, join(where, key.Value))
		}
	}
}

func (d *Decoder) decodeMap(n *yaml.Node, v reflect.Value, where string) {
	if n.Kind != yaml.MappingNode {
		d.Add(n, where, "should be a mapping of names to values, is %s", Describe(n))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for i := 0; i < len(n.Content); i += 2 {
		key, element := n.Content[i], reflect.New(v.Type().Elem()).Elem()
		if v.MapIndex(reflect.ValueOf(key.Value)).IsValid() {
			d.Add(key, where, "key %q stands here twice", key.Value)
			continue
		}
		d.Decode(n.Content[i+1], element, join(where, key.Value))
		v.SetMapIndex(reflect.ValueOf(key.Value), element)
	}
}

// decodeSlice takes a list, or one value as a list of one.
func (d *Decoder) decodeSlice(n *yaml.Node, v reflect.Value, where string) {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		at := where
		if n.Kind == yaml.SequenceNode {
			at = fmt.Sprintf("%s[%d]", where, i)
		}
		d.Decode(item, v.Index(i), at)
	}
}

func (d *Decoder) decodeScalar(n *yaml.Node, v reflect.Value, where string) {
	if n.Tag == "!!null" && n.Line == 0 && v.Kind() == reflect.String { // --set store=
		v.SetString("")
		return
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		d.Add(n, where, "should be %s, is %s", typeName(v.Type()), Describe(n))
		return
	}
	text := strings.ReplaceAll(n.Value, "_", "")
	var err error
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.Value)
	case reflect.Bool:
		yes := strings.EqualFold(n.Value, "true")
		if !yes && !strings.EqualFold(n.Value, "false") {
			err = strconv.ErrSyntax
		}
		v.SetBool(yes)
	case reflect.Int, reflect.Int32, reflect.Int64:
		var i int64
		i, err = strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(i)
	case reflect.Uint64:
		var u uint64
		u, err = strconv.ParseUint(text, 10, 64)
		v.SetUint(u)
	case reflect.Float32, reflect.Float64:
		var f float64
		f, err = strconv.ParseFloat(text, 64)
		if math.IsNaN(f) || math.IsInf(f, 0) { // the value of a mistake must not go on: nothing canonical can be made of it
			f, err = 0, strconv.ErrRange
		}
		v.SetFloat(f)
	}
	if err != nil {
		d.Add(n, where, "should be %s, is %s", typeName(v.Type()), Describe(n))
	}
}

// typeName says what a person should write for a Go type.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint64:
		return "a whole number from 0"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "text"
}

// Describe says what a node is, in a few words.
func Describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "empty"
	}
	return fmt.Sprintf("%.40q", n.Value)
}

// Fields returns the settable fields of a struct by their YAML keys, those of embedded structs included.
func Fields(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			for key, value := range Fields(v.Field(i)) {
				fields[key] = value
			}
		} else if key := Key(f); key != "" {
			fields[key] = v.Field(i)
		}
	}
	return fields
}

// Keys lists a struct's YAML keys in the order of its fields.
func Keys(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			keys = append(keys, Keys(f.Type)...)
		} else if key := Key(f); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

func Key(f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if !f.IsExported() || key == "-" {
		return ""
	}
	return key
}

func join(where, key string) string {
	if where == "" {
		return key
	}
	return where + "." + key
}
