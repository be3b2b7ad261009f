#!/usr/bin/env python3
"""Computes the loss of weak.yaml's step with transformers, with and without masks, and compares.

    check_weak.py OUT DATA MODEL
"""
import csv
import sys

import pyarrow.parquet as pq
import torch
from torch.nn.functional import cross_entropy, normalize
from transformers import AutoModel, AutoTokenizer

out, data, path = sys.argv[1:]
model, tokenizer = AutoModel.from_pretrained(path).eval(), AutoTokenizer.from_pretrained(path)


def embed(texts):
    rows = []
    for text in texts:
        ids = tokenizer(text, truncation=True, max_length=40, return_tensors="pt")
        with torch.no_grad():
            rows.append(model(**ids).last_hidden_state[0].mean(0))
    return normalize(torch.stack(rows), dim=1)


queries = {row["id"]: row["text"] for row in pq.read_table(f"{out}/queries.parquet").to_pylist()}
documents, grades = {}, {}
for language, code in [("german", "de"), ("spanish", "es"), ("hindi", "hi")]:
    folder = f"{data}/wikiclir/wiki-clir/{language}"
    for row in csv.reader(open(f"{folder}/wiki_{code}.documents"), delimiter="\t", quoting=csv.QUOTE_NONE):
        documents[code, row[0]] = row[2].strip()
    for line in open(f"{folder}/en2{code}.rel"):
        query, document, grade = line.split()
        grades[query, (code, document)] = int(grade)
samples = [(q, d) for (q, d), grade in grades.items() if grade == 2 and q in queries]
a = embed(["query: " + queries[q] for q, _ in samples])
b = embed(["passage: " + documents[d] for _, d in samples])
logits, target = a @ b.T / 0.05, torch.arange(len(samples))
masked = torch.tensor([[i != j and (q, d) in grades for j, (_, d) in enumerate(samples)] for i, (q, _) in enumerate(samples)])
want = cross_entropy(logits.masked_fill(masked, -torch.inf), target).item()
[got] = pq.read_table(f"{out}/training.parquet")["contrastive"].to_pylist()
print(f"{len(samples)} samples, {int(masked.sum())} pairs masked: {want:.5f}, ferry {got:.5f}; without masks {cross_entropy(logits, target).item():.5f}")
assert abs(got - want) < 1e-4 * want, (got, want)
