package sinks

import (
	"embed"

	"github.com/ferry-clir/ferry/model"
	"github.com/ferry-clir/ferry/schemas"
)

// Code is this package's source: the reference pages and `ferry schema` take their descriptions from its comments.
//
//go:embed *.go
var Code embed.FS

// Job is one run of a sink.
type Job struct {
	Tables   map[string][]schemas.Table // inputs, by the key that names them
	Models   map[string]*model.Model    // inputs, by the key that names them
	Progress func(done, total int64, message string)
	// Provenance says what the inputs were made from. It is nil where nobody knows.
	Provenance func() (Provenance, error)
}
