//go:build !unix

package download

import "os"

// LockFile does nothing where files cannot be locked this way.
func LockFile(*os.File) error { return nil }
