"""Writes fusions.json with ranx 0.3: for each query three lists of hits, best first, and what rrf (k 60) and wsum (weights 0.5, 0.3 and
0.2, scores scaled by min-max) make of them:

    python make_fusions.py
"""
import json
import pathlib
import random

from ranx import Run, fuse

r = random.Random(4)
lists = [[{d: r.randint(-48, 144) / 16 for d in r.sample([f"d{i}" for i in range(12)], r.randint(1, 9))} for _ in range(3)] for _ in range(6)]
for of in lists:  # no ties within a list, whose order would be ranx's own
    for hits in of:
        for i, d in enumerate(sorted(hits)):
            hits[d] += i / 1024
runs = [Run({f"q{q}": of[i] for q, of in enumerate(lists)}, name=str(i)) for i in range(3)]
rrf = fuse(runs=runs, method="rrf", params={"k": 60}).to_dict()
wsum = fuse(runs=runs, norm="min-max", method="wsum", params={"weights": (0.5, 0.3, 0.2)}).to_dict()
golden = [
    {"lists": [sorted(hits.items(), key=lambda x: -x[1]) for hits in of], "rrf": dict(rrf[f"q{q}"]), "wsum": dict(wsum[f"q{q}"])}
    for q, of in enumerate(lists)
]
text = json.dumps(golden, separators=(",", ":")).replace("},{", "},\n{")
(pathlib.Path(__file__).parent / "fusions.json").write_text(text + "\n", encoding="utf-8", newline="\n")
