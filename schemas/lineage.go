package schemas

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// LineageKey is the key in the metadata of a schema of vectors under which the fingerprints stand, with commas between them, of the
// model that made them and of those whose space its vectors are meant to be in.
const LineageKey = "ferry.lineage"

// WithLineage is the schema with such fingerprints; the same schema if there are none.
func WithLineage(schema *arrow.Schema, lineage []string) *arrow.Schema {
	return with(schema, LineageKey, strings.Join(lineage, ","))
}

// WithPrefix is the schema of vectors of texts that a prefix stood before; the same schema if it is empty.
func WithPrefix(schema *arrow.Schema, prefix string) *arrow.Schema {
	return with(schema, Prefix, prefix)
}

// PrefixOf is the prefix in the metadata of a schema; empty where nobody noted any.
func PrefixOf(schema *arrow.Schema) string {
	prefix, _ := schema.Metadata().GetValue(Prefix)
	return prefix
}

// with is the schema with a value in its metadata, unless that is empty.
func with(schema *arrow.Schema, key, value string) *arrow.Schema {
	if value == "" {
		return schema
	}
	all := schema.Metadata().ToMap()
	all[key] = value
	metadata := arrow.MetadataFrom(all)
	return arrow.NewSchema(schema.Fields(), &metadata)
}

// Lineage are the fingerprints in the metadata of schemas, each once; nil where nobody noted any.
func Lineage(of ...*arrow.Schema) (lineage []string) {
	for _, schema := range of {
		noted, _ := schema.Metadata().GetValue(LineageKey)
		for _, fingerprint := range strings.FieldsFunc(noted, func(r rune) bool { return r == ',' }) {
			if !slices.Contains(lineage, fingerprint) {
				lineage = append(lineage, fingerprint)
			}
		}
	}
	return lineage
}

// Strangers tells whether vectors are known to be of models none of which learned from another: comparing them means nothing.
func Strangers(a, b []string) bool {
	return len(a) > 0 && len(b) > 0 && !slices.ContainsFunc(a, func(fingerprint string) bool { return slices.Contains(b, fingerprint) })
}

// HasVectors tells whether a table has vectors of a model, compressed or not.
func HasVectors(schema *arrow.Schema) bool {
	return schema.HasField(Vector) || schema.HasField(TokenVectorList) || schema.HasField(Codes)
}
