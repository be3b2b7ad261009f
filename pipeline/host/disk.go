package host

import (
	"os"
	"path/filepath"
)

// Free is how many bytes a folder, which need not be there yet, may grow by; -1 if that is not known.
func Free(folder string) int64 {
	above := Existing(folder)
	if above == "" {
		return -1
	}
	return freeBytes(above)
}

// Existing is a folder, or the first above it that is there; empty if none is.
func Existing(folder string) string {
	for above := folder; ; above = filepath.Dir(above) {
		if stat, err := os.Stat(above); err == nil && stat.IsDir() {
			return above
		}
		if above == filepath.Dir(above) {
			return ""
		}
	}
}

// Unwritable is why nothing may be written to a folder, which need not be there yet; nil if something may, as far as that can be told
// without writing.
func Unwritable(folder string) error {
	above := Existing(folder)
	if above == "" {
		return nil // whoever makes it will see
	}
	return access(above)
}
