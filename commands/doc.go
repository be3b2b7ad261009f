// Package commands is the command line: it reads flags, calls package pipeline, and turns errors into words and exit
// codes. Each subcommand has a file of its own.
//
// Vocabulary: a subcommand is a struct whose fields are its flags and arguments; its Run method does the work; an exit
// code is 0 (done), 1 (failed), 2 (wrong usage or configuration, or files that it names are missing or unfit), 71 (too
// little memory or disk), 75 (another run is at work), or 130 (interrupted; 143 by SIGTERM).
//
// Start with main.go.
package commands
