package model

import (
	"fmt"
	"io"
	"io/fs"
)

// How many bytes of a model's files are read. The largest tokenizer that is published has about as many; what package tokenizer
// does not bound by itself is decoded as it is, into structures that may be a hundred times as large, and is short.
const (
	maxSmallFile  = 64 << 20
	maxConfigFile = 4 << 20
)

// ReadSmall reads a file of a model that is no file of weights, and refuses one that is larger than any such file is.
func ReadSmall(folder fs.FS, name string) ([]byte, error) {
	return readUpTo(folder, name, maxSmallFile)
}

// readConfig reads a file of JSON other than a tokenizer.
func readConfig(folder fs.FS, name string) ([]byte, error) {
	return readUpTo(folder, name, maxConfigFile)
}

func readUpTo(folder fs.FS, name string, limit int64) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if stat, err := f.Stat(); err == nil && stat.Size() > limit {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it has %d bytes, more than any such file, for which %d are the limit", stat.Size(), limit)}
	}
	return io.ReadAll(io.LimitReader(f, limit))
}
