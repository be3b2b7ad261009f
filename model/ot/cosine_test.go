package ot

import (
	"math"
	"testing"
)

// cosineLoss is sum of <P, 1 - cos(T, S)> in float64, written as its definition.
func cosineLoss(plans []float32, teacher, student []float32, d int, shapes []Shape) (sum float64) {
	for _, s := range shapes {
		for i := range s.Rows {
			for j := range s.Columns {
				var ts, tt, ss float64
				for k := range d {
					x, y := float64(teacher[i*d+k]), float64(student[j*d+k])
					ts, tt, ss = ts+x*y, tt+x*x, ss+y*y
				}
				sum += float64(plans[i*s.Columns+j]) * (1 - ts/math.Sqrt(tt*ss))
			}
		}
		teacher, student, plans = teacher[s.Rows*d:], student[s.Columns*d:], plans[s.Rows*s.Columns:]
	}
	return sum
}

func TestCosineCostsAndGradient(t *testing.T) {
	const d, scale = 5, 0.25
	shapes := []Shape{{3, 4}, {1, 2}, {5, 1}}
	cells, rows, columns := totals(shapes)
	teacher, student, plans := random(1, rows*d), random(2, columns*d), random(3, cells)
	for i := range student {
		student[i] -= 0.75
	}

	unitT, unitS := make([]float32, rows*d), make([]float32, columns*d)
	inverseT, inverseS := make([]float32, rows), make([]float32, columns)
	Unit(unitT, inverseT, teacher, d)
	Unit(unitS, inverseS, student, d)
	costs := make([]float32, cells)
	CosineCosts(costs, unitT, unitS, d, shapes)
	got := 0.0
	for i, c := range costs {
		got += float64(c) * float64(plans[i])
	}
	if want := cosineLoss(plans, teacher, student, d, shapes); math.Abs(got-want) > 1e-5 {
		t.Errorf("the loss is %v, want %v", got, want)
	}

	dUnit, gradient := make([]float32, columns*d), make([]float32, columns*d)
	CosineGradient(dUnit, plans, unitT, d, shapes, scale)
	UnitGradient(gradient, dUnit, unitS, inverseS, d)
	const h = 1.0 / 1024
	for i := range student {
		x := student[i]
		student[i] = x + h
		up := cosineLoss(plans, teacher, student, d, shapes)
		student[i] = x - h
		down := cosineLoss(plans, teacher, student, d, shapes)
		student[i] = x
		if want := scale * (up - down) / (2 * h); math.Abs(float64(gradient[i])-want) > 1e-5 {
			t.Errorf("gradient %d is %v, want %v", i, gradient[i], want)
		}
	}
}

func TestVectorOfZeros(t *testing.T) {
	unit, inverse, gradient := []float32{9, 9}, []float32{9}, make([]float32, 2)
	Unit(unit, inverse, []float32{0, 0}, 2)
	UnitGradient(gradient, []float32{1, 1}, unit, inverse, 2)
	if unit[0] != 0 || unit[1] != 0 || inverse[0] != 0 || gradient[0] != 0 || gradient[1] != 0 {
		t.Errorf("unit %v, inverse %v, gradient %v; want zeros", unit, inverse, gradient)
	}
}
