package model

import (
	"fmt"
	"io"
	"io/fs"
)

// maxSmallFile is how many bytes of a model's tokenizer or configuration are read: the largest that is published has 34 MB.
const maxSmallFile = 64 << 20

// ReadSmall reads a file of a model that is no file of weights, and refuses one that is larger than any such file is.
func ReadSmall(folder fs.FS, name string) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if stat, err := f.Stat(); err == nil && stat.Size() > maxSmallFile {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it has %d bytes, more than any such file, for which %d are the limit", stat.Size(), maxSmallFile)}
	}
	return io.ReadAll(io.LimitReader(f, maxSmallFile))
}
