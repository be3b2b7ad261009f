"""Writes bm25.json with bm25s 0.3 (its "lucene" variant):

    python make_bm25.py

Queries and documents are lists of words w0, w1 and so on by their numbers. A query may have a word several times, and
words that no document has are left out of bm25s's, which does not know them.
"""
import json
import pathlib

import bm25s
import numpy as np

WORDS, DOCUMENTS, QUERIES, K1, B = 40, 80, 12, 0.9, 0.4


def main():
    r = np.random.default_rng(8)
    weights = 1 / np.arange(1, WORDS + 1)
    draw = lambda n: r.choice(WORDS, n, p=weights / weights.sum()).tolist()
    documents = [draw(r.integers(1, 30)) for _ in range(DOCUMENTS)]
    queries = [draw(r.integers(1, 9)) for _ in range(QUERIES)]
    index = bm25s.BM25(k1=K1, b=B, method="lucene", dtype="float64")
    index.index([[f"w{x}" for x in d] for d in documents], show_progress=False)
    known = {x for d in documents for x in d}
    scores = [index.get_scores([f"w{x}" for x in q if x in known]).tolist() for q in queries]
    golden = {"k1": K1, "b": B, "words": WORDS, "documents": documents, "queries": queries, "scores": scores}
    text = json.dumps(golden, separators=(",", ":")).replace("]],", "]],\n")
    (pathlib.Path(__file__).parent / "bm25.json").write_text(text + "\n", encoding="utf-8", newline="\n")


main()
