#!/usr/bin/env python3
"""Makes divergence.json: Sinkhorn divergences of the cosine cost by POT, in float64. ot.solve's value with reg_type KL is
<P, C> + reg * KL(P | a b'), as in Feydy et al. (arXiv 1810.08278); ot.bregman.empirical_sinkhorn_divergence, which leaves the
entropy out, is there as "sharp".

    python make_divergence.py > divergence.json     # pip install pot==0.9.7.post1 numpy==2.4.6
"""
import json

import numpy as np
import ot

rng = np.random.default_rng(20240304)
D = 6


def unit(n):
    x = rng.normal(size=(n, D)) + 0.5
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def masses(n):
    w = rng.uniform(0.2, 1.0, size=n)
    return (w / w.sum()).astype(np.float32)


def regularized(x, y, a, b, epsilon):
    a, b = a / a.sum(), b / b.sum()
    solved = ot.solve(1 - x @ y.T, a, b, reg=epsilon, reg_type="KL", max_iter=20000, tol=1e-12)
    p = solved.plan
    assert abs(solved.value - ((p * (1 - x @ y.T)).sum() + epsilon * (p * np.log(p / np.outer(a, b))).sum())) < 1e-9
    assert abs(p.sum(1) - a).sum() + abs(p.sum(0) - b).sum() < 1e-6  # a cloud and itself take very many iterations
    return solved.value


def problem(m, n, epsilon, given=False):
    x, y = unit(m), unit(n)
    a, b = (masses(m), masses(n)) if given else (np.full(m, 1 / m), np.full(n, 1 / n))
    x64, y64, a64, b64 = (z.astype(np.float64) for z in (x, y, a, b))
    of = lambda s, t, u, v: regularized(s, t, u, v, epsilon)
    value = of(x64, y64, a64, b64) - (of(x64, x64, a64, a64) + of(y64, y64, b64, b64)) / 2
    sharp = ot.bregman.empirical_sinkhorn_divergence(x64, y64, epsilon, a64 / a64.sum(), b64 / b64.sum(), metric="cosine", method="sinkhorn_log",
                                                     numIterMax=20000, stopThr=1e-12)
    numbers = lambda z: [float(str(v)) for v in z.ravel()]
    return {"epsilon": epsilon, "x": numbers(x), "y": numbers(y), "a": numbers(a) if given else None, "b": numbers(b) if given else None,
            "value": float(value), "sharp": float(sharp)}


problems = [problem(*sizes) for sizes in [(5, 7, 1.0), (5, 7, 0.2), (9, 4, 0.1), (12, 12, 0.2), (6, 8, 0.1, True), (1, 5, 0.1), (1, 1, 0.5), (20, 30, 0.1, True)]]
print(json.dumps({"format": "ferry divergence golden 1", "made_by": "python make_divergence.py > divergence.json", "pot": ot.__version__,
                  "width": D, "problems": problems}))
