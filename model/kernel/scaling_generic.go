package kernel

import "math"

// lowestGibbs is the exponent below which a kernel matrix has zeros: its numbers are normal, as sums with others are slow.
const lowestGibbs = -86

func gibbsGeneric(k []float32, ld int, costs []float32, columns int, inverse float32, f, g []float32) {
	for i, fi := range f {
		row := k[i*ld : (i+1)*ld]
		clear(row[columns:])
		for j, c := range costs[i*columns : (i+1)*columns] {
			row[j] = (fi + g[j] - c) * inverse
		}
		expGeneric(row[:columns], row[:columns])
		for j, c := range costs[i*columns : (i+1)*columns] {
			if (fi+g[j]-c)*inverse < lowestGibbs {
				row[j] = 0
			}
		}
	}
}

// sinkhornGeneric takes k of (rows, ld), rows in multiples of 8, ld in multiples of the lanes, a and u in multiples of
// 16, zeros as padding. progress gets what a Progress has, in its order.
func sinkhornGeneric(n, relax, rows, ld int, k, a, b, u, v, sums, progress []float32) {
	for range n {
		p := [4]float32{2: math.MaxFloat32}
		clear(sums)
		for i := range rows {
			row := k[i*ld : (i+1)*ld]
			x := dotGeneric(row, v)
			p[0] += distance(u[i], x, a[i])
			u[i] = scaled(u[i], x, a[i], relax, &p)
			axpyGeneric(u[i], row, sums)
		}
		for j, x := range sums {
			p[1] += distance(v[j], x, b[j])
			v[j] = scaled(v[j], x, b[j], relax, &p)
		}
		copy(progress, p[:])
	}
}

// distance is how far the sum of a row or column of the plan is from its mass.
func distance(scaling, sum, mass float32) float32 {
	d := float32(scaling*sum) - mass // rounded: arm64 would fuse the product with the difference
	return max(d, -d)
}

// scaled returns scaling * (mass / (scaling * sum))^(1 + relax/8), and 0 where there is no mass.
func scaled(scaling, sum, mass float32, relax int, p *[4]float32) float32 {
	if !(mass > 0) {
		return 0
	}
	y := mass / sum
	if relax > 0 {
		r := mass / (scaling * sum)
		y = scaling * r
		for bit := 4; bit > 0 && relax&(2*bit-1) > 0; bit /= 2 { // r^(1/2), r^(1/4), r^(1/8)
			r = float32(math.Sqrt(float64(r)))
			if relax&bit > 0 {
				y *= r
			}
		}
	}
	p[2], p[3] = min(p[2], y), max(p[3], y)
	return y
}

// planGeneric adds to sums, of (columns). plan and costs are (len(u), columns), k is (len(u), ld).
func planGeneric(plan, costs []float32, columns, ld int, k, a, u, v, sums []float32) (value, rowError float32) {
	total := 0.0 // vectors have a sum a lane, which is as exact
	for i, ui := range u {
		sum, price := float32(0), float32(0)
		for j, x := range k[i*ld : i*ld+columns] {
			y := ui * x * v[j]
			plan[i*columns+j] = y
			sum += y
			sums[j] += y
			price += y * costs[i*columns+j]
		}
		total += float64(price)
		rowError += max(sum-a[i], a[i]-sum)
	}
	return float32(total), rowError
}

// rowMinimaGeneric returns the largest cost, and 0, or NaN where a cost is not finite.
func rowMinimaGeneric(dst, costs, g []float32) (largest, odd float32) {
	largest = float32(math.Inf(-1))
	for i := range dst {
		least := float32(math.Inf(1))
		for j, c := range costs[i*len(g) : (i+1)*len(g)] {
			odd += c - c
			if c > largest {
				largest = c
			}
			if d := c - g[j]; d < least {
				least = d
			}
		}
		dst[i] = least
	}
	return largest, odd
}

func columnMinimaGeneric(dst, costs, f []float32) {
	for i, fi := range f {
		for j, c := range costs[i*len(dst) : (i+1)*len(dst)] {
			if d := c - fi; d < dst[j] {
				dst[j] = d
			}
		}
	}
}
