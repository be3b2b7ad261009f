// Package telemetry lets others watch runs: as metrics for Prometheus and health for supervisors, served over HTTP, and as traces,
// sent to an OpenTelemetry collector.
//
// Vocabulary: a watch is all of that, of one ferry; an observer is told of one run, by the wrapper of its pipeline.Reporter; a
// pulse is how the runs of a pipeline move; stalled is a run whose pulse has not moved for long; a label is what a pipeline is called.
//
// Start with Open.
package telemetry
