package kernel

// MultiplyAdd does rounds (at least 1) of multiply-adds of a precision on registers alone and returns the number of
// operations, two each: what no product can pass, so that the time it takes is the roof to measure products against. It
// returns 0 where there are no instructions for the precision.
func MultiplyAdd(precision Precision, rounds int) (operations float64) {
	run, depth := active.multiplyAdd, 1
	switch precision {
	case BFloat16:
		run, depth = active.bfloat16.multiplyAdd, active.bfloat16.depth
	case Int8:
		run, depth = active.int8.multiplyAdd, active.int8.depth
	}
	if run == nil {
		return 0
	}
	rounds = max(1, rounds)
	run(rounds)
	return 2 * float64(active.lanes*depth) * 12 * float64(rounds)
}
