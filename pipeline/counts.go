package pipeline

// counts says where the rows of a task or step went.
type counts struct {
	In       map[string]int64 `json:"in,omitempty"`        // by input, as the configuration refers to it
	Out      map[string]int64 `json:"out,omitempty"`       // by table
	Dropped  map[string]int64 `json:"dropped,omitempty"`   // by reason
	Bad      int64            `json:"bad,omitempty"`       // rows in quarantine
	FirstBad string           `json:"first_bad,omitempty"` // the first of them, in words
	Warnings []string         `json:"warnings,omitempty"`  // of what is probably wrong
}

func newCounts() counts {
	return counts{In: map[string]int64{}, Out: map[string]int64{}, Dropped: map[string]int64{}}
}

// add adds other's rows to c's.
func (c *counts) add(other counts) {
	for _, m := range []struct{ to, from map[string]int64 }{{c.In, other.In}, {c.Out, other.Out}, {c.Dropped, other.Dropped}} {
		for name, n := range m.from {
			m.to[name] += n
		}
	}
	if c.FirstBad == "" {
		c.FirstBad = other.FirstBad
	}
	c.Bad += other.Bad
	c.Warnings = append(c.Warnings, other.Warnings...)
}

func (c *counts) dropped() int64 {
	var n int64
	for _, d := range c.Dropped {
		n += d
	}
	return n
}
