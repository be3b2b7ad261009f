#!/usr/bin/env python3
"""Makes mine.json: triples that mine_hard_negatives of sentence-transformers mines from hits.

    python make_mine.py > mine.json     # pip install sentence-transformers==6.2.0 datasets
"""
import json
import sys

import numpy as np
import torch
from datasets import Dataset
from sentence_transformers.util import mine_hard_negatives

rng = np.random.default_rng(5)
QUERIES, DOCUMENTS, D = 12, 60, 4


def unit(n):
    x = rng.standard_normal((n, D)).astype(np.float32)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


vectors = {f"q{i}": v for i, v in enumerate(unit(QUERIES))} | {f"d{i}": v for i, v in enumerate(unit(DOCUMENTS))}


class Model:
    """Has the vectors of the texts by heart."""

    device, model_card_data = torch.device("cpu"), None

    def encode(self, texts, **_):
        return np.stack([vectors[t] for t in texts])

    encode_query = encode_document = encode

    @staticmethod
    def similarity(a, b):
        return torch.as_tensor(a) @ torch.as_tensor(b).T

    @staticmethod
    def similarity_pairwise(a, b):
        return (torch.as_tensor(a) * torch.as_tensor(b)).sum(1)


corpus = [f"d{i}" for i in range(DOCUMENTS)]
pairs = []
for i in range(QUERIES):
    best = sorted(corpus, key=lambda d: -float(vectors[f"q{i}"] @ vectors[d]))
    ranks = [3, 9, 30][: 1 + i % 3] if i % 4 else [1]  # of the relevant documents
    pairs += [(f"q{i}", best[r]) for r in ranks]
most = 3


def case(**options):
    data = Dataset.from_dict({"query": [q for q, _ in pairs], "positive": [d for _, d in pairs]})
    rows = mine_hard_negatives(data, Model(), corpus=corpus, sampling_strategy="top", verbose=False, **options)
    hits = {}
    for i in range(QUERIES):
        scores = Model.similarity(vectors[f"q{i}"][None], np.stack([vectors[d] for d in corpus]))[0]
        best = torch.topk(scores, options["range_max"] + most)
        hits[f"q{i}"] = [[corpus[k], float(s)] for k, s in zip(best.indices.tolist(), best.values.tolist())]
    return {"options": options, "hits": hits, "triples": sorted(zip(rows["query"], rows["positive"], rows["negative"]))}


json.dump({"judgments": pairs, "cases": [
    case(range_min=0, range_max=20, num_negatives=3),
    case(range_min=4, range_max=6, num_negatives=2),
    case(range_min=0, range_max=40, num_negatives=4, absolute_margin=0.1),
    case(range_min=0, range_max=40, num_negatives=4, relative_margin=0.05),
    case(range_min=2, range_max=40, num_negatives=5, absolute_margin=0.02, relative_margin=0.1),
    case(range_min=0, range_max=12, num_negatives=3, relative_margin=0.05),
]}, sys.stdout)
print()
