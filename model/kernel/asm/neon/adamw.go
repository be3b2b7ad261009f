package main

func adamW() {
	const signature = "func(decay, rate, root, epsilon, beta1, rest1, beta2, rest2 float32, w, m, v, g []float32)"
	define("adamWNEON", signature, "is adamWGeneric.", func() {
		decay, rate, root, epsilon := broadcast("decay"), broadcast("rate"), broadcast("root"), broadcast("epsilon")
		beta1, rest1, beta2, rest2 := broadcast("beta1"), broadcast("rest1"), broadcast("beta2"), broadcast("rest2")
		bases := []register{base("w"), base("m"), base("v"), base("g")}
		each("loop", length("g"), bases, 1, func(l lanes, _ int) {
			w, m, v, g, deviation := l.load(0), l.load(1), l.load(2), l.load(3), one()
			multiply(m, beta1, m)
			multiplyAddTo(g, rest1, m)
			l.store(m, 1)
			multiply(g, g, g)
			multiply(v, beta2, v)
			multiplyAddTo(g, rest2, v)
			l.store(v, 2)
			squareRoot(v, v)
			move(epsilon, deviation)
			multiplyAddTo(v, root, deviation)
			multiply(m, rate, m)
			divide(m, deviation, m)
			multiply(w, decay, w)
			subtract(w, m, w)
			l.store(w, 0)
		})
	})
}
