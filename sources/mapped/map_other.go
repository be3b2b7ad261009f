//go:build !unix

package mapped

import (
	"errors"
	"os"
)

// mapPrivate does nothing where files cannot be mapped this way.
func mapPrivate(*os.File, int) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmap([]byte) {}
