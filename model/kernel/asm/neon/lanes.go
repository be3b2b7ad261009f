package main

// lanes is the place in the slices where the body of a loop works: one vector of four elements, or a single element.
type lanes struct {
	bases  []register
	offset int
	single bool
}

// load returns the elements of slice i; behind a single one there are zeros.
func (l lanes) load(i int) vector {
	v := one()
	l.loadTo(v, i)
	return v
}

func (l lanes) loadTo(v vector, i int) {
	if l.single {
		emit("FMOVS (R%d), F%d", l.bases[i], v)
	} else {
		emit("FMOVQ %d(R%d), F%d", l.offset, l.bases[i], v)
	}
}

// store writes v to slice i.
func (l lanes) store(v vector, i int) {
	if l.single {
		emit("FMOVS F%d, (R%d)", v, l.bases[i])
	} else {
		emit("FMOVQ F%d, %d(R%d)", v, l.offset, l.bases[i])
	}
}

// keep clears the elements of v behind a single one.
func (l lanes) keep(v vector) {
	if l.single {
		emit("FMOVS F%d, F%d", v, v)
	}
}

// each emits a loop over n elements of slices that start at bases. body is emitted for several vectors at once, with u
// counting them, so that it can spread sums over as many registers; then for one; then for one element. The registers
// are overwritten.
func each(name string, n register, bases []register, several int, body func(l lanes, u int)) {
	if several > 1 {
		loop(name+"Several", n, bases, 4*several, func() {
			for u := range several {
				scope(func() { body(lanes{bases: bases, offset: 16 * u}, u) })
			}
		})
	}
	loop(name+"Vector", n, bases, 4, func() { body(lanes{bases: bases}, 0) })
	loop(name+"Single", n, bases, 1, func() { body(lanes{bases: bases, single: true}, 0) })
}

// loop emits the part of each that takes so many elements at a time.
func loop(name string, n register, bases []register, elements int, body func()) {
	label(name)
	emit("CMP $%d, R%d", elements, n)
	emit("BLT %sEnd", name)
	scope(body)
	for _, b := range bases {
		emit("ADD $%d, R%d", 4*elements, b)
	}
	emit("SUB $%d, R%d", elements, n)
	emit("B %s", name)
	label(name + "End")
}
