package commands

import (
	"errors"
	"strings"
	"syscall"
)

// remedies say what to do about what the system refuses: the error that it belongs to names the file.
var remedies = []struct {
	errno syscall.Errno
	text  string
}{
	{syscall.ENOSPC, "the disk is full: free some of it, or write to another: a sink's path, or --set work=FOLDER for the work folder"},
	{syscall.EDQUOT, "your share of the disk is used up: free some of it, or write to another: a sink's path, or --set work=FOLDER for the work folder"},
	{syscall.EROFS, "nothing can be written there: choose other paths, and with --set work=FOLDER another work folder"},
	{syscall.EACCES, "whoever runs ferry has no right to it: change who owns it or its mode, or choose another path"},
	{syscall.EPERM, "whoever runs ferry has no right to it: change who owns it or its mode, or choose another path"},
	{syscall.EIO, "the disk fails: look into the system's log before you trust what it keeps"},
	{syscall.EMFILE, "too many files are open: raise the limit (`ulimit -n`), or take fewer --workers"},
	{syscall.ENFILE, "too many files are open on this machine: end what opens so many, or raise fs.file-max"},
}

// remedy says what to do about an error that the system gave; empty if that is not known.
func remedy(err error) string {
	for _, r := range remedies {
		if errors.Is(err, r.errno) {
			return r.text
		}
	}
	return ""
}

// withRemedy is an error and what to do about it, if that is known: on one line, unless the error takes several.
func withRemedy(err error) string {
	text, remedy := err.Error(), remedy(err)
	switch {
	case remedy == "":
		return text
	case strings.Contains(text, "\n"):
		return text + "\n" + remedy
	}
	return text + "; " + remedy
}
