package kernel

// MultiplyAdd does rounds (at least 1) of fused multiply-adds on registers alone and returns the number of operations,
// two each: what no product can pass, so that the time it takes is the roof to measure products against. The generic
// ISA has no such loop and returns 0.
func MultiplyAdd(rounds int) (operations float64) {
	if active.multiplyAdd == nil {
		return 0
	}
	active.multiplyAdd(max(1, rounds))
	return 2 * float64(active.lanes) * 12 * float64(max(1, rounds))
}
