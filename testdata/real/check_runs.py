"""Compares every query's nDCG@10 with pytrec_eval's, for equality:

    python check_runs.py OUT    # the folder that mtop.yaml wrote

pytrec_eval reads the run files as the report sink wrote them, and the judgments.
"""
import collections
import pathlib
import sys

import pyarrow.parquet
import pytrec_eval

out = pathlib.Path(sys.argv[1])
qrels, scores = collections.defaultdict(lambda: collections.defaultdict(dict)), collections.defaultdict(dict)
for row in pyarrow.parquet.read_table(out / "judgments.parquet").to_pylist():
    qrels[row["query_language"]][row["query_id"]][row["document_id"]] = row["grade"]
for row in pyarrow.parquet.read_table(out / "report/scores.parquet").to_pylist():
    if row["query_id"] is not None:
        scores[row["language"]][row["query_id"]] = row["value"]
assert scores
for language, ours in scores.items():
    with open(out / f"report/runs/hits.{language}.run") as f:
        run = pytrec_eval.parse_run(f)
    theirs = pytrec_eval.RelevanceEvaluator(qrels[language], {"ndcg_cut.10"}).evaluate(run)
    assert ours.keys() == theirs.keys(), f"{language}: {len(ours)} queries, pytrec_eval has {len(theirs)}"
    differing = [q for q in ours if ours[q] != theirs[q]["ndcg_cut_10"]]
    assert not differing, f"{language}: {len(differing)} of {len(ours)} queries differ, such as {differing[0]}"
    print(f"{language}: {len(ours)} queries are equal")
