//go:build linux && amd64

package crash

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestPower looks at what would be left if the power failed: nothing gets its name before the disk has what it holds, and the disk
// has all names when the run ends. The samples, which are made again, are left out.
func TestPower(t *testing.T) {
	traceable(t)
	unsynced := map[string]string{} // files that were written, and folders in which something was renamed
	renames := 0
	for _, c := range changes(t) {
		switch {
		case strings.Contains(c.path, "/.ferry/sample/"):
		case c.name == "write" || c.name == "truncate" || c.name == "copy":
			unsynced[c.path] = c.name
		case c.name == "sync" || c.name == "unlink":
			delete(unsynced, c.path)
		case c.name == "rename":
			renames++
			if what := unsynced[c.path]; what != "" {
				t.Errorf("%s gets the name %s, but the disk may lack its last %s", c.path, c.to, what)
			}
			unsynced[filepath.Dir(c.to)] = "rename"
		}
	}
	for path, what := range unsynced {
		if what == "rename" {
			t.Errorf("the disk may lack the last name in %s", path)
		}
	}
	if renames < 50 {
		t.Errorf("only %d renames", renames)
	}
}
