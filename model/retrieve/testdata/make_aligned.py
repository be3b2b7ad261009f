"""Writes aligned.json with numpy 2: vectors of source and target texts of one language, and the pairs that the ratio margin of
Artetxe and Schwenk (2019) finds, computed over whole matrices as LASER's mine_bitexts does with its retrieval "max":

    python make_aligned.py
"""
import json
import pathlib

import numpy as np

N, D, K, LEAST = 40, 8, 4, 1.02
r = np.random.default_rng(11)


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


common = 1.5 * unit(r.standard_normal((1, D)))
source = unit(r.standard_normal((N, D)) + common).astype(np.float32)
target = unit(source[r.permutation(N)] + 0.25 * r.standard_normal((N, D))).astype(np.float32)
similar = source.astype(np.float64) @ target.T.astype(np.float64)
rows = np.sort(similar, axis=1)[:, ::-1][:, :K].mean(axis=1)  # of each source text
columns = np.sort(similar, axis=0)[::-1][:K].mean(axis=0)
margin = similar / ((rows[:, None] + columns[None, :]) / 2)
offers = set()
for i in range(N):
    near = np.argsort(-similar[i])[:K]
    offers.add((i, int(near[np.argmax(margin[i, near])])))
    near = np.argsort(-similar[:, i])[:K]
    offers.add((int(near[np.argmax(margin[near, i])]), i))
pairs, used = [], (set(), set())
for i, j in sorted(offers, key=lambda p: -margin[p]):
    if margin[i, j] >= LEAST and i not in used[0] and j not in used[1]:
        used[0].add(i), used[1].add(j)
        pairs.append([i, j, margin[i, j]])
golden = {"d": D, "k": K, "least": LEAST, "source": source.ravel().tolist(), "target": target.ravel().tolist(), "pairs": pairs}
(pathlib.Path(__file__).parent / "aligned.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n", newline="\n")
