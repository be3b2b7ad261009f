package spark

import (
	"bytes"
	"slices"
	"strings"
	"sync"
)

// A said keeps those lines of what a process writes that tell why it ends: the first that are of errors and, should there be none, the
// last that are not of its log.
type said struct {
	mutex  sync.Mutex
	begun  []byte // a line
	errors []string
	last   []string
	failed []string // addresses of masters that could not be spoken to
}

const (
	mostSaid = 3
	longSaid = 1000 // bytes of a line
)

func (s *said) Write(p []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.begun = append(s.begun, p...)
	for {
		line, rest, whole := bytes.Cut(s.begun, []byte("\n"))
		if !whole {
			s.begun = bytes.Clone(s.begun[:min(len(s.begun), longSaid)])
			return len(p), nil
		}
		s.add(string(line))
		s.begun = rest
	}
}

func (s *said) add(line string) {
	has := func(text string) bool { return strings.Contains(line, text) }
	if _, master, ok := strings.Cut(line, "Failed to connect to master "); ok {
		s.failed = append(s.failed, strings.TrimSpace(master))
	}
	trace := strings.HasPrefix(line, "\t")
	line = strings.TrimSpace(line[:min(len(line), longSaid)])
	switch {
	case line == "", trace, has(" INFO "), has(" WARN "), strings.HasPrefix(line, "WARNING: "):
	case has("ERROR"), has("Error"), has("Exception"), has("Caused by"):
		if len(s.errors) < mostSaid {
			s.errors = append(s.errors, line)
		}
	default:
		s.last = append(s.last, line)
		s.last = s.last[max(0, len(s.last)-mostSaid):]
	}
}

// unreached tells whether none of the masters could be spoken to.
func (s *said) unreached(masters []string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return !slices.ContainsFunc(masters, func(master string) bool { return !slices.Contains(s.failed, master) })
}

// told is what to do about what was said, and the lines that tell it, below what stands before.
func (s *said) told(home string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.add(string(s.begun))
	s.begun = nil
	lines := s.errors
	all := strings.Join(append(lines, s.last...), "\n")
	if len(lines) == 0 {
		lines = s.last
	}
	var b strings.Builder
	switch has := func(text string) bool { return strings.Contains(all, text) }; {
	case has("JAVA_HOME"), has("bin/java"), has("UnsupportedClassVersionError"):
		b.WriteString("; Java 17 or newer is needed on this machine, where JAVA_HOME says or in the PATH")
	case has("Failed to load class"), has("-Pconnect"):
		b.WriteString("; Spark 4 is wanted, and SPARK_HOME (" + home + ") is another, or lacks Connect")
	case has("masters are unresponsive"):
		b.WriteString("; what answers there is perhaps no master of Spark, or one of another version; name " + masterShown)
	}
	for _, line := range lines {
		b.WriteString("\n  " + line)
	}
	return b.String()
}
