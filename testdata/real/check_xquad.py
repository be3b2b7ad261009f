"""Prints the nDCG@10 that transformers and exact search give of what xquad.yaml reads:

    python check_xquad.py FOLDER MODEL    # the folder in mMARCO's layout, and multilingual-e5-small

The figure in real_test.go was made with torch 2.15.0 and transformers 5.23.0.
"""
import math
import pathlib
import sys

import torch
from transformers import AutoModel, AutoTokenizer

folder = pathlib.Path(sys.argv[1])
tokenizer, model = AutoTokenizer.from_pretrained(sys.argv[2]), AutoModel.from_pretrained(sys.argv[2]).eval()


def embed(name, prefix, wanted=None):
    """Returns the ids that are wanted and their vectors, (ids, hidden), each text alone, so that nothing is padded."""
    ids, rows = [], []
    for line in (folder / name).open(encoding="utf-8"):
        id, text = line.rstrip("\n").split("\t", 1)
        if wanted is None or id in wanted:
            with torch.inference_mode():
                hidden = model(**tokenizer(prefix + text, truncation=True, max_length=512, return_tensors="pt")).last_hidden_state[0]
            ids.append(id)
            rows.append(torch.nn.functional.normalize(hidden.mean(0), dim=0))
    return ids, torch.stack(rows)


relevant = {}
for line in (folder / "qrels.dev.small.tsv").open():
    query, _, document, _ = line.split()
    relevant[query] = document
documents, passages = embed("collections/english_collection.tsv", "passage: ")
queries, questions = embed("queries/dev/english_queries.dev.tsv", "query: ", relevant)
total = 0.0
for query, scores in zip(queries, questions @ passages.T):
    rank = [documents[i] for i in scores.argsort(descending=True)[:10].tolist()]
    if relevant[query] in rank:
        total += 1 / math.log2(rank.index(relevant[query]) + 2)
print(f"nDCG@10 of {len(queries)} questions to {len(documents)} paragraphs is {100 * total / len(queries):.2f}")
