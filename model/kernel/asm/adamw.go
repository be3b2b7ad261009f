package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

func adamW() {
	twin("adamW", "func(decay, rate, root, epsilon, beta1, rest1, beta2, rest2 float32, w, m, v, g []float32)")
	rate, root, epsilon := broadcast("rate"), broadcast("root"), broadcast("epsilon")
	beta1, rest1, beta2, rest2 := broadcast("beta1"), broadcast("rest1"), broadcast("beta2"), broadcast("rest2")
	decay := broadcast("decay")
	bases := []reg.Register{base("w"), base("m"), base("v"), base("g")}
	each("loop", length("g"), bases, 1, func(l lanes, _ int) {
		g, m, v := l.load(3), l.load(1), l.load(2)
		VMULPS(beta1, m, m)
		VFMADD231PS(rest1, g, m)
		l.store(m, 1)
		VMULPS(g, g, g)
		VMULPS(beta2, v, v)
		VFMADD231PS(rest2, g, v)
		l.store(v, 2)
		VSQRTPS(v, v)
		VFMADD213PS(epsilon, root, v)
		VMULPS(rate, m, m)
		VDIVPS(v, m, m)
		w := l.load(0)
		VFMSUB213PS(m, decay, w)
		l.store(w, 0)
	})
	end()
}
