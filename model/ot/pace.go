package ot

import "math"

// A pace chooses how many iterations to do before the next look at the error, and how far to over-relax them.
//
// Plain iterations whose error falls by the factor r each are best over-relaxed by 2 / (1 + sqrt(1 - r)); the error then
// falls by that less 1 (Young's theory of successive over-relaxation, as in Thibault et al., arXiv 1711.01851). The
// first ones tell little of r, so the pace steps up where the error falls more slowly than it should, and down where it
// grows.
type pace struct {
	step      int // of steps
	looks     int
	finishing bool    // whether the next iterations are plain, and perhaps the last
	fails     float32 // divides slack
	best      float32 // least error so far, of relaxed iterations
	last      float32
}

// A step is one of the over-relaxations to choose from.
type step struct {
	relax int     // eighths above 1
	enter float32 // where the error of plain iterations falls by no more than this factor each, start here
	leave float32 // where the error falls by no more than this factor in two iterations, go on to the next
	slack float32 // errors of relaxed iterations are about so many times those that plain ones then leave
}

var steps = [...]step{{0, 0, 0.5, 1}, {2, 0.25, 0.4, 2}, {4, 0.5, 0.5, 4}, {6, 0.7, 0.8, 8}, {7, math.MaxFloat32, math.MaxFloat32, 16}}

// next returns how many of the iterations left to do now, and their relaxation. The last one is plain, which makes the
// column sums right.
func (p *pace) next(left int) (n, relax int) {
	switch {
	case p.looks == 0 || p.finishing:
		return min(2, left), 0
	case p.looks == 1 || left == 1:
		return 1, 0
	}
	return min(2, left-1), steps[p.step].relax
}

// judge takes the error of the last iterations and says whether they were enough.
func (p *pace) judge(off, tolerance float32) (enough bool) {
	p.looks++
	if off <= tolerance && (p.finishing || p.step == 0) {
		return true
	}
	switch {
	case p.finishing:
		p.finishing = false
		p.fails++
		p.last, p.best = off, 4*off
		return false
	case p.looks == 1:
	case p.looks == 2:
		for p.step < len(steps)-1 && off > p.last*steps[p.step+1].enter {
			p.step++
		}
		p.best = 8 * off
		p.finishing = p.step > 0 && off <= tolerance
		p.last = off
		return false
	case off > 4*p.best && p.step > 0:
		p.step--
		p.best = off
	case p.looks > 6 && off > p.last*steps[p.step].leave:
		p.step++
	}
	p.best = min(p.best, off)
	p.last = off
	p.finishing = p.step > 0 && off*(1+p.fails) <= steps[p.step].slack*tolerance
	return false
}
