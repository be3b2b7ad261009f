package pipeline

import (
	"fmt"
	"strconv"
	"strings"
)

// A Budget is how many rows of a step may be bad: a number of rows, or a share of those read.
type Budget struct {
	Rows  int64
	Share float64
}

// UnmarshalText reads `20` or `0.1%`.
func (b *Budget) UnmarshalText(text []byte) error {
	s := string(text)
	if number, ok := strings.CutSuffix(s, "%"); ok {
		percent, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(percent >= 0 && percent <= 100) {
			return fmt.Errorf("should be a number of rows or a share such as 0.1%%, is %q", s)
		}
		*b = Budget{Share: percent / 100}
		return nil
	}
	rows, err := strconv.ParseInt(s, 10, 64)
	if err != nil || rows < 0 {
		return fmt.Errorf("should be a number of rows or a share such as 0.1%%, is %q", s)
	}
	*b = Budget{Rows: rows}
	return nil
}

func (b Budget) String() string {
	if b.Share > 0 {
		return strconv.FormatFloat(b.Share*100, 'g', -1, 64) + "%"
	}
	return strconv.FormatInt(b.Rows, 10)
}

// allows tells whether bad rows of read are within the budget.
func (b Budget) allows(bad, read int64) bool {
	return bad <= b.Rows || float64(bad) <= b.Share*float64(read)
}
