package ot

import "math"

// Spread tells how evenly a plan's rows, (Rows, Columns), spread their mass over the columns: 0 where every row goes to one
// column, 1 where all go to every column alike, so that the costs play no part. It is the mean over the rows with mass of
// (perplexity - 1) / (Columns - 1); 0 where there is one column.
func Spread(plan []float32, s Shape) float64 {
	total, rows := 0.0, 0
	for i := 0; i < len(plan) && s.Columns > 1; i += s.Columns {
		mass, plogp := 0.0, 0.0
		for _, x := range plan[i : i+s.Columns] {
			if p := float64(x); p > 0 {
				mass, plogp = mass+p, plogp+p*math.Log(p)
			}
		}
		if mass > 0 { // the entropy of x/mass is log(mass) - sum of x log(x) / mass
			total, rows = total+math.Exp(math.Log(mass)-plogp/mass)-1, rows+1
		}
	}
	return total / float64(max(1, rows*(s.Columns-1)))
}
