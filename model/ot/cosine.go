package ot

import (
	"math"

	"github.com/ferry-clir/ferry/model/kernel"
)

// Unit writes every row of x divided by its Euclidean norm to dst, and 1 / norm to inverse. x and dst are (rows, d),
// inverse is (rows). A row shorter than 1e-12 becomes zeros with an inverse of 0: it has no direction, and no gradient.
func Unit(dst, inverse, x []float32, d int) {
	for i := range inverse {
		row := x[i*d : (i+1)*d]
		inverse[i] = 0
		if norm := math.Sqrt(kernel.SumSquares(row)); !(norm < 1e-12) {
			inverse[i] = float32(1 / norm)
		}
		for j, y := range row {
			dst[i*d+j] = y * inverse[i]
		}
	}
}

// UnitGradient adds to dx the gradient with respect to x of a loss whose gradient with respect to unit is dUnit, where
// unit and inverse come from Unit(unit, inverse, x, d): the part of dUnit across the row, divided by the row's norm.
func UnitGradient(dx, dUnit, unit, inverse []float32, d int) {
	for i, r := range inverse {
		row := unit[i*d : (i+1)*d]
		along := kernel.Dot(dUnit[i*d:(i+1)*d], row)
		kernel.Axpy(r, dUnit[i*d:(i+1)*d], dx[i*d:(i+1)*d])
		kernel.Axpy(-r*along, row, dx[i*d:(i+1)*d])
	}
}

// CosineCosts writes the cost 1 - cos(t, s) between every teacher token and every student token of each pair. teacher is
// (sum of Rows, d) and student (sum of Columns, d), both rows of length 1 as Unit leaves them; costs is as in Sinkhorn.
func CosineCosts(costs, teacher, student []float32, d int, shapes []Shape) {
	for i := range costs {
		costs[i] = 1
	}
	for _, s := range shapes {
		kernel.Gemm(false, true, s.Rows, s.Columns, d, -1, teacher, d, student, d, 1, costs, s.Columns)
		teacher, student, costs = teacher[s.Rows*d:], student[s.Columns*d:], costs[s.Rows*s.Columns:]
	}
}

// CosineGradient writes the gradient of scale * sum of <P, C> with respect to the student's unit vectors, the plans held
// constant: row j is -scale * sum over i of P[i][j] * teacher[i]. UnitGradient carries it on to the vectors themselves.
func CosineGradient(dStudent, plans, teacher []float32, d int, shapes []Shape, scale float32) {
	for _, s := range shapes {
		kernel.Gemm(true, false, s.Columns, d, s.Rows, -scale, plans, s.Columns, teacher, d, 0, dStudent, d)
		teacher, dStudent, plans = teacher[s.Rows*d:], dStudent[s.Columns*d:], plans[s.Rows*s.Columns:]
	}
}
