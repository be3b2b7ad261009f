// Package scale starts a real Apache Spark cluster on this machine, for tests and benchmarks: a master, workers of one core each,
// and a Connect server. `make scale` runs its own tests, which hold runs with an engine to the bytes of one without, and kill
// what a run needs while it goes on; `make bench-scale` measures.
package scale
