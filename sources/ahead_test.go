package sources

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// TestAhead reads ahead what comes in all sorts of portions, to the end, to an error, and not to the end.
func TestAhead(t *testing.T) {
	inPieces(t, 1000)
	broken := errors.New("broken")
	for size := range 50 {
		content := bytes.Repeat([]byte("0123456789"), size*size)
		for _, end := range []error{io.EOF, broken} {
			for _, in := range []io.Reader{bytes.NewReader(content), iotest.HalfReader(bytes.NewReader(content)), iotest.DataErrReader(bytes.NewReader(content))} {
				if end == broken {
					in = io.MultiReader(in, iotest.ErrReader(broken))
				}
				file := &input{Reader: bufio.NewReaderSize(in, 16)}
				file.readAhead()
				got, err := io.ReadAll(iotest.HalfReader(file))
				file.close()
				if !bytes.Equal(got, content) || end == broken && err != broken || end == io.EOF && err != nil {
					t.Fatalf("of %d bytes and %v, %d bytes and %v", len(content), end, len(got), err)
				}
			}
		}
		file := &input{Reader: bufio.NewReaderSize(bytes.NewReader(content), 16)}
		file.readAhead()
		io.CopyN(io.Discard, file, int64(size)) //nolint:errcheck // there may be less
		file.close()
	}
}
