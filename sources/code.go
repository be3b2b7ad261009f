package sources

import "embed"

// Code is this package's source: the reference pages and `ferry schema` take their descriptions from its comments.
//
//go:embed *.go
var Code embed.FS
