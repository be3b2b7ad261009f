"""Writes the runs of this folder, and golden.json: what pytrec_eval-terrier 0.5.11, scipy 1.17.1, numpy 2.4.6 and ranx 0.3.21 say of them.

    python make_golden.py

The permutation test is scipy's: exact where few queries differ, else of a million samples; the intervals are numpy's percentiles of
100,000 bootstrap samples.
"""
import json
import math
import pathlib
import random
import warnings

import numpy as np
import pytrec_eval
import ranx
from scipy import stats

HERE = pathlib.Path(__file__).parent
MEASURES = {"nDCG@10": "ndcg_cut_10", "AP": "map", "RR": "recip_rank", "P@5": "P_5"}
RANX = {"nDCG@10": "ndcg@10", "AP": "map", "RR": "mrr", "P@5": "precision@5"}


def make(r):
    qrels, runs = {}, {"a": {}, "b": {}, "c": {}}
    for q in range(40):
        query, documents = f"q{q:02}", [f"d{i}" for i in range(40)]
        qrels[query] = {d: r.choice([0, 0, 1, 1, 2]) for d in r.sample(documents, 12)} | {documents[q]: 1}
        for name, skill in (("a", 0.5), ("b", 1.1), ("c", 0.6)):
            runs[name][query] = {d: round(r.gauss(skill if qrels[query].get(d, 0) else 0, 1), 4) + 1e-5 * i for i, d in enumerate(r.sample(documents, 15))}
    for query in ("q38", "q39"):  # a judged query that a run lacks counts as 0
        del runs["b"][query]
    runs["c"] |= {q: dict(runs["a"][q]) for q in list(qrels)[:30]}  # so that few queries differ
    return qrels, runs


def against(a, b, numbers):
    d = b - a
    n = int(np.count_nonzero(d))
    test = stats.permutation_test((d[d != 0],), np.sum, permutation_type="samples", n_resamples=2**n if n < 16 else 999_999, rng=1, batch=10_000)
    draws = numbers.integers(0, len(d), (100_000, len(d)))
    return {
        "gain": float(d.mean()), "differ": n, "p_permutation": float(test.pvalue), "p_t_test": float(stats.ttest_rel(b, a).pvalue),
        "effect": float(d.mean() / d.std(ddof=1)), "wins": int((d > 0).sum()), "ties": int((d == 0).sum()), "losses": int((d < 0).sum()),
        "interval": np.percentile(d[draws].mean(1), [2.5, 97.5]).tolist(),
    }


def main():
    warnings.simplefilter("ignore")
    qrels, runs = make(random.Random(8))
    values, numbers = {}, np.random.default_rng(3)
    for name, run in runs.items():
        of = pytrec_eval.RelevanceEvaluator(qrels, set(MEASURES.values())).evaluate(run)
        values[name] = {m: np.array([of[q][t] if q in of else 0.0 for q in sorted(qrels)]) for m, t in MEASURES.items()}
    golden = []
    for m in MEASURES:
        for name in ("b", "c"):
            golden.append({"measure": m, "run": name, "value": float(values[name][m].mean()), **against(values["a"][m], values[name][m], numbers)})
    judged = ranx.Qrels({q: {d: g for d, g in of.items() if g > 0} for q, of in qrels.items()})
    named = [ranx.Run(runs[name], name=name) for name in runs]
    report = ranx.compare(judged, named, list(RANX.values()), stat_test="student", make_comparable=True).to_dict()
    for row in golden:
        row["ranx"] = report["a"]["comparisons"][row["run"]][RANX[row["measure"]]]
        assert math.isclose(report[row["run"]]["scores"][RANX[row["measure"]]], row["value"], rel_tol=1e-9), row

    (HERE / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")
    for name, run in runs.items():
        lines = [f"{q} Q0 {d} {rank + 1} {s!r} {name}\n" for q in run for rank, (d, s) in enumerate(sorted(run[q].items(), key=lambda x: -x[1]))]
        (HERE / f"{name}.run").write_text("".join(lines))
    (HERE / "qrels").write_text("".join(f"{q} 0 {d} {g}\n" for q in qrels for d, g in qrels[q].items()))


main()
