"""Approximate indexes of faiss over the vectors of a file, (rows, 384) float32 whose last 1,000 rows are the queries, or
over random directions: what share of the exact best 10 they find, and how many queries they answer in a second, all asked
in one call."""
import os
import sys

sys.path.insert(0, os.getcwd())
from peerlib import *

p = parser(__doc__)
p.add_argument("--file", default="")
args = start(p.parse_args())

import faiss
import numpy as np

faiss.omp_set_num_threads(args.threads)
D, K, QUERIES = 384, 10, 1000
if args.file:
    X = np.fromfile(args.file, np.float32).reshape(-1, D)
else:
    X = np.random.default_rng(0).standard_normal((200_000 + QUERIES, D), dtype=np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
X, Q = X[:-QUERIES], X[-QUERIES:]
exact = faiss.knn(Q, X, K, metric=faiss.METRIC_INNER_PRODUCT)[1]


def built(index):
    began = os.times().user
    index.train(X)
    index.add(X)
    return os.times().user - began


def asked(index, name):
    share = np.mean([len(set(a) & set(b)) / K for a, b in zip(index.search(Q, K)[1], exact)])
    emit("approximate", "faiss", f"{name}, recall@10 {share:.3f}", args, measure(lambda: index.search(Q, K), args), QUERIES, "queries/s")


lists = int(len(X) ** 0.5)
ivf = faiss.index_factory(D, f"IVF{lists},Flat", faiss.METRIC_INNER_PRODUCT)
seconds = built(ivf)
for share in (64, 16, 4, 2):
    ivf.nprobe = max(1, lists // share)
    asked(ivf, f"IVF{lists} built in {seconds:.1f} s, {ivf.nprobe} probed")
if args.file:  # of random directions it takes minutes to build
    hnsw = faiss.index_factory(D, "HNSW32", faiss.METRIC_INNER_PRODUCT)
    seconds = built(hnsw)
    for breadth in (16, 64, 256):
        hnsw.hnsw.efSearch = breadth
        asked(hnsw, f"HNSW32 built in {seconds:.1f} s, efSearch {breadth}")
