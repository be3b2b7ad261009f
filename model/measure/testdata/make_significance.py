"""Writes significance.json: p values by scipy, intervals by numpy, of differences that stand beside them. Needs numpy 2.4.6 and
scipy 1.17.1.

python make_significance.py >significance.json
"""
import json

import numpy as np
from scipy import stats

random = np.random.default_rng(20)


def rounded(x):
    return np.round(x, 4)


def paired(d):
    exact = stats.permutation_test((d, np.zeros_like(d)), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=99999, rng=1)
    return {"differences": d.tolist(), "permutation": float(exact.pvalue), "t_test": float(stats.ttest_rel(d, np.zeros_like(d)).pvalue)}


small = [rounded(random.normal(shift, 1, n)) for n, shift in [(2, 0), (5, 1), (8, 0.5), (9, 1), (13, 0.3), (15, 0)]]
tied = [np.array([0.5, 0.5, 0.5, -0.5, 0, 0]), np.array([0.25, 0.5, -0.75, 0.25, 0.5, -0.25, 0]), np.array([0.1] * 9 + [-0.1] * 3)]
large = [rounded(random.normal(shift, 0.3, 400) * random.integers(0, 2, 400)) for shift in [0.0, 0.02, 0.05]]

# The mean over queries of the mean over languages, where a query stands in some of the languages, drawn by query.
values = rounded(random.beta(2, 2, (60, 2, 3)))  # query, variant, language
counts = random.random((60, 3)) < [1.0, 0.8, 0.5]
weights = np.array([0.5, 0.25, 0.25])


def contrast(rows, variant):
    inside = counts[rows]
    return float((values[rows, variant] * inside).sum(0) / inside.sum(0) @ weights)


def interval(of, samples=20000):
    draws = [of(random.integers(0, 60, 60)) for _ in range(samples)]
    return [float(x) for x in np.percentile(draws, [2.5, 97.5])]


everything = np.arange(60)
panel = {
    "values": values.tolist(), "counts": counts.tolist(), "weights": weights.tolist(),
    "value": [contrast(everything, v) for v in (0, 1)],
    "interval": interval(lambda rows: contrast(rows, 0)),
    "gain_interval": interval(lambda rows: contrast(rows, 0) - contrast(rows, 1)),
}
print(json.dumps({"exact": [paired(d) for d in small + tied], "sampled": [paired(d) for d in large], "panel": panel}))
