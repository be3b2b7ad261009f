// Package sinks drains tables and models into files that other programs open. A file appears complete or not at all.
//
// Vocabulary: a job is one run of a sink over its inputs; an input is named by the YAML key that refers to it; a summary
// is what the person who ran the pipeline is shown.
//
// Start with job.go. Each kind has a file of its own: a struct whose fields are its keys in pipeline.yaml.
package sinks
