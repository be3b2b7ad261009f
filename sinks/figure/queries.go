package figure

import "html/template"

// A Query is a question with the documents that were found for it, and those that should have been.
type Query struct {
	Language, ID, Text string
	Verdict            string     // what it scored, in words
	Found              []Document // best first
	Missed             []Document // relevant ones that stand lower, or were not found
}

// A Document is one that was found, or should have been.
type Document struct {
	Rank               string // a dash if it was not found
	Language, ID, Text string
	Grade              string // in words
	Relevant           bool
}

// Queries are questions one below the other. Texts are in their own language and direction.
func Queries(queries []Query) template.HTML { return execute("queries", queries) }
