// Package host asks the machine that ferry runs on what it has, and what this process takes of it: memory, CPU time, disks, file
// systems, open files.
//
// Vocabulary: a limit is what the process may have at most; free is what may still be written to a disk; resident is the memory
// that is taken and that nothing but the end of the process, or swapping, would give back.
//
// Start with memory.go.
package host
