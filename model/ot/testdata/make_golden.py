#!/usr/bin/env python3
"""Makes golden.json: problems solved to convergence by POT, in float64: small ones with their whole plans (ot.sinkhorn on
logarithms, ot.emd), and large ones by formula with the largest cell of some rows.

    python make_golden.py > golden.json     # pip install pot==0.9.7.post1 numpy==2.4.6
"""
import json

import numpy as np
import ot

rng = np.random.default_rng(20240229)


def clouds(m, n, d=16):
    """Cosine costs between two noisy copies of common directions, as between the tokens of two translations."""
    base = rng.normal(size=(max(m, n), d))
    t, s = base[:m] + 0.6 * rng.normal(size=(m, d)), base[rng.permutation(max(m, n))][:n] + 0.6 * rng.normal(size=(n, d))
    t, s = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (t, s))
    return 1 - t @ s.T


def masses(n, zeros=0):
    w = rng.uniform(0.2, 1.0, size=n)
    w[rng.permutation(n)[:zeros]] = 0
    return w / w.sum()


def partial(a, b, cost):
    """Value of the best plan that moves 0.6 of the mass."""
    plan = ot.partial.partial_wasserstein(a, b, cost.astype(np.float64), m=0.6)
    return float((plan * cost).sum())


def unbalanced(a, b, cost, epsilon):
    """The plan where marginals cost 0.5 times their divergence."""
    if epsilon < 0.02 or (a == 0).any() or (b == 0).any():
        return None
    plan = ot.unbalanced.sinkhorn_unbalanced(a, b, cost.astype(np.float64), epsilon, 0.5, reg_type="entropy", numItermax=50000, stopThr=1e-13)
    return [float(f"{x:.8g}") for x in plan.ravel()]


problems = []


def solve(name, cost, epsilon, a=None, b=None):
    cost = cost.astype(np.float32)
    m, n = cost.shape
    uniform = a is None
    a = np.full(m, 1 / m) if uniform else a
    b = np.full(n, 1 / n) if uniform else b
    a, b = (x / x.sum() for x in (a, b))
    plan = np.zeros((m, n))
    rows, columns = np.flatnonzero(a), np.flatnonzero(b)  # POT takes the logarithm of every mass
    inner, log = ot.sinkhorn(a[rows], b[columns], cost[np.ix_(rows, columns)].astype(np.float64), epsilon,
                             method="sinkhorn_log", numItermax=20000, stopThr=1e-11, log=True)
    plan[np.ix_(rows, columns)] = inner
    assert abs(plan.sum(1) - a).sum() + abs(plan.sum(0) - b).sum() < 1e-9, name
    problems.append({"name": name, "epsilon": epsilon, "rows": m, "columns": n, "cost": [float(str(x)) for x in cost.ravel()],
                     "a": None if uniform else [float(f"{x:.9g}") for x in a], "b": None if uniform else [float(f"{x:.9g}") for x in b],
                     "plan": [float(f"{x:.8g}") for x in plan.ravel()], "value": float((plan * cost).sum()),
                     "exact": float(ot.emd2(a, b, cost.astype(np.float64))), "partial": partial(a, b, cost), "unbalanced": unbalanced(a, b, cost, epsilon)})


for epsilon in (1.0, 0.2, 0.05, 0.02, 0.01, 0.005):
    if epsilon >= 0.2:  # nearly an assignment below, which takes far too many iterations
        solve(f"square, epsilon {epsilon}", clouds(12, 12), epsilon)
    solve(f"wide, epsilon {epsilon}", clouds(5, 17), epsilon)
    solve(f"given masses, epsilon {epsilon}", clouds(9, 7), epsilon, masses(9), masses(7))
solve("zero masses", clouds(8, 6), 0.05, masses(8, 2), masses(6, 1))
solve("zero masses, log domain", clouds(8, 6), 0.005, masses(8, 2), masses(6, 1))
solve("one row", clouds(1, 6), 0.02)
solve("one column", clouds(6, 1), 0.02)
solve("large costs", 100 + 40 * clouds(7, 5), 2.0, masses(7), masses(5))


def formula(m, n):
    """Costs that the test makes again."""
    i, j = np.arange(m)[:, None], np.arange(n)[None, :]
    return (0.7 + 0.3 * np.sin(1.7 * i + 2.3 * j + 0.01 * i * j)).astype(np.float32)


large = []
for m, n in (1, 1), (3, 200), (40, 60), (128, 128), (256, 100), (512, 512):
    cost = formula(m, n).astype(np.float64)
    a, b = np.full(m, 1 / m), np.full(n, 1 / n)
    for epsilon in 1.0, 0.05, 0.01, 0.001:
        # A float64 kernel would underflow at 0.001, and logarithms take hours there: warm starts of falling epsilon.
        plan = ot.bregman.sinkhorn_epsilon_scaling(a, b, cost, epsilon, numItermax=300, stopThr=1e-13, epsilon0=1.0) if epsilon < 0.01 else \
            ot.sinkhorn(a, b, cost, epsilon, method="sinkhorn_log" if epsilon < 0.05 else "sinkhorn", numItermax=20000, stopThr=1e-11)
        off = abs(plan.sum(1) - a).sum() + abs(plan.sum(0) - b).sum()
        if off > 1e-7:
            continue
        rows = sorted({0, m // 3, m - 1})
        large.append({"rows": m, "columns": n, "epsilon": epsilon, "value": float((plan * cost).sum()), "exact": float(ot.emd2(a, b, cost)),
                      "cells": [[r, int(plan[r].argmax()), float(plan[r].max())] for r in rows]})

print(json.dumps({"format": "ferry ot golden 2", "made_by": "python make_golden.py > golden.json", "pot": ot.__version__, "problems": problems, "large": large}))
