package pipeline

import (
	"fmt"
	"math"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/ferry-clir/ferry/sources"
)

// A Size is a number of bytes that somebody wrote, such as 4GiB or 500MB; 0 if nobody did.
type Size struct {
	Bytes   int64
	written string
}

// UnmarshalText reads a size with its unit: without, people mean different ones.
func (s *Size) UnmarshalText(text []byte) error {
	written := string(text)
	bytes, err := humanize.ParseBytes(written)
	if err != nil || bytes == 0 || bytes > math.MaxInt64 || strings.Contains(written, ",") || !strings.ContainsAny(written, "bBkKmMgGtTpPeE") {
		return fmt.Errorf("should be a size with its unit, such as 4GiB or 500MB, is %q", written)
	}
	*s = Size{int64(bytes), written}
	return nil
}

// String is the size as it was written, and in the units of all other sizes that people are shown.
func (s Size) String() string { return fmt.Sprintf("%s (%s)", s.written, sources.SizeText(s.Bytes)) }
