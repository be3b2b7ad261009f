"""Writes golden.json with numpy 2 in float64:

    python make_golden.py

Every number is a multiple of 1/16 between -1 and 1, so that dot products are
exact in float32 and scores can be compared with ==. Documents 5 and 40 are the
same vectors, as are 6 and 41, 7 and 42: ties. ids are outside ASCII on purpose.
"""
import json
import pathlib

import numpy as np

D, K, QUERIES, DOCUMENTS = 6, 10, 9, 60
IDS = ["d", "é", "หมา", "D"]


def ragged(r, n, low, high):
    return [r.integers(-16, 17, (r.integers(low, high), D)) / 16 for _ in range(n)]


def ranking(scores, ids, excluded):
    order = sorted(
        (i for i in range(len(ids)) if ids[i] not in excluded and scores[i] is not None),
        key=lambda i: (scores[i], ids[i].encode()),
        reverse=True,
    )
    return [[ids[i], scores[i]] for i in order[:K]]


def main():
    r = np.random.default_rng(5)
    queries = ragged(r, QUERIES, 1, 70)
    documents = ragged(r, DOCUMENTS, 1, 9)
    for i in (5, 6, 7):
        documents[i + 35] = documents[i]
    documents[30] = np.zeros((0, D))
    ids = [f"{IDS[i % 4]}{i}" for i in range(DOCUMENTS)]
    exclude = [[str(x) for x in r.choice(ids, 3, replace=False)] for _ in range(QUERIES)]

    dense = lambda q, d: float(q[0] @ d[0]) if len(d) else 0.0  # first tokens as the vectors
    maxsim = lambda q, d: float(np.float32((q @ d.T).max(1).sum() / len(q))) if len(d) else None
    golden = {"d": D, "k": K, "ids": ids, "exclude": exclude}
    golden["queries"] = [(q * 16).astype(int).tolist() for q in queries]
    golden["documents"] = [(d * 16).astype(int).tolist() for d in documents]
    for name, score in (("dense", dense), ("maxsim", maxsim)):
        golden[name] = [
            ranking([score(q, d) for d in documents], ids, exclude[i]) for i, q in enumerate(queries)
        ]
    text = json.dumps(golden, ensure_ascii=False, separators=(",", ":")).replace("]],", "]],\n")
    (pathlib.Path(__file__).parent / "golden.json").write_text(text + "\n", encoding="utf-8", newline="\n")


main()
