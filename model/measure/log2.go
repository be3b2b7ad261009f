package measure

import "math/big"

// precision128 is far beyond float64's 53 bits, so that the rounded result is
// the float64 nearest to the true logarithm.
const precision128 = 128

// growLog2 returns a table with at least n+1 entries whose entry i is log2(i),
// correctly rounded; entry 0 is unused. Below i = 1621 that is what glibc
// returns, bit for bit, which math.Log2 is not for one i in 40. It costs about
// 2 us an entry, once.
func growLog2(table []float64, n int) []float64 {
	if n < len(table) {
		return table
	}
	n = max(n, 2*len(table)) // so that growing bit by bit stays linear
	table = append(table[:0], 0, 0)
	ln2, ln := lnRatio(2), new(big.Float).SetPrec(precision128)
	for i := 2; i <= n; i++ {
		ln.Add(ln, lnRatio(i))
		log2, _ := new(big.Float).Quo(ln, ln2).Float64()
		table = append(table, log2)
	}
	return table
}

// lnRatio returns ln(i / (i-1)) = 2 (s + s^3/3 + s^5/5 + ...), s = 1/(2i-1).
func lnRatio(i int) *big.Float {
	number := func(x int) *big.Float { return new(big.Float).SetPrec(precision128).SetInt64(int64(x)) }
	power := new(big.Float).Quo(number(2), number(2*i-1)) // 2 s^k
	square := number((2*i - 1) * (2*i - 1))
	sum := number(0)
	for k := 1; ; k += 2 {
		term := new(big.Float).Quo(power, number(k))
		sum.Add(sum, term)
		if term.MantExp(nil) < sum.MantExp(nil)-precision128 {
			return sum
		}
		power.Quo(power, square)
	}
}
