// Package child has a program that ferry starts end as a whole: when it is told to end, so is whatever it has started, such as what
// a shell runs for it.
//
// Vocabulary: a child is a process that ferry has started; its group is that process and those that come from it.
//
// Start with Group.
package child
