package ot

import (
	"math"
	"testing"
)

func TestExactAgainstItsDual(t *testing.T) {
	shapes := []Shape{{1, 1}, {1, 9}, {9, 1}, {2, 2}, {7, 7}, {10, 20}, {30, 33}, {64, 64}, {17, 128}}
	for seed := range uint64(20) {
		cells, rows, columns := totals(shapes)
		costs, a, b := random(seed, cells), make([]float32, rows), make([]float32, columns)
		row, column := 0, 0
		for _, s := range shapes {
			uneven(a[row:row+s.Rows], int(seed))
			uneven(b[column:column+s.Columns], int(seed)+1)
			row, column = row+s.Rows, column+s.Columns
		}
		for _, masses := range [][2][]float32{{nil, nil}, {a, b}} {
			plans := make([]float32, cells)
			reports, err := Exact(costs, shapes, masses[0], masses[1], Options{}, plans)
			if err != nil {
				t.Fatal(err)
			}
			for k, r := range reports {
				if !(r.MarginalError < 1e-6) || math.Abs(float64(r.Gap())) > 1e-6*math.Max(1, math.Abs(float64(r.Value))) {
					t.Errorf("seed %d, %v: gap %g, %+v", seed, shapes[k], r.Gap(), r)
				}
			}
		}
	}
}
