package host

import (
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFree compares with df.
func TestFree(t *testing.T) {
	folder := t.TempDir()
	got := Free(filepath.Join(folder, "not/there/yet"))
	out, err := exec.Command("df", "-Pk", folder).Output()
	if err != nil || got < 0 {
		t.Skip("there is no df here, or free space is not known:", err)
	}
	fields := strings.Fields(strings.Split(string(out), "\n")[1])
	var kilobytes int64
	fmt.Sscan(fields[3], &kilobytes)
	if difference := math.Abs(float64(got) - 1024*float64(kilobytes)); difference > 1<<30 { // others write meanwhile
		t.Errorf("%d bytes free, df says %d kB", got, kilobytes)
	}
}
