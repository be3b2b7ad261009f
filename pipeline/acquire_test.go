package pipeline

import "testing"

func TestArrivalText(t *testing.T) {
	for _, c := range []struct {
		rate   float64
		remain int64
		want   string
	}{
		{2.5e6, 25e6, "bytes, 2.5 MB/s, 10s left"},
		{1e6, 3600e6, "bytes, 1.0 MB/s, 1h0m0s left"},
		{1e6, -7, "bytes, 1.0 MB/s"}, // the size is unknown, or was underestimated
		{0, 25e6, "bytes"},
	} {
		if got := arrivalText(c.rate, c.remain); got != c.want {
			t.Errorf("%v bytes/s with %d left: %q, want %q", c.rate, c.remain, got, c.want)
		}
	}
}
