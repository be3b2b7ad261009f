//go:build !unix

package download

import "os"

// Held is not known where files cannot be locked this way.
func Held(*os.File) (bool, error) { return false, nil }

// LockFile does nothing where files cannot be locked this way.
func LockFile(*os.File) error { return nil }

// ShareFile does nothing where files cannot be locked this way.
func ShareFile(*os.File) error { return nil }
