#!/usr/bin/env python3
"""Makes ranking.json: losses over queries, documents and hard negatives with their gradients, in float64, by
sentence-transformers' own loss functions; masked ones by PyTorch.

    python make_ranking.py > ranking.json     # pip install torch==2.15.0 sentence-transformers==6.2.0
"""
import json
import math

import torch
from sentence_transformers.sentence_transformer.losses import DistillKLDivLoss, MultipleNegativesRankingLoss
from sentence_transformers.util import pairwise_cos_sim
from torch.nn.functional import cross_entropy, normalize

torch.set_default_dtype(torch.float64)
torch.manual_seed(20261125)
D = 6


def numbers(x):
    return [float(f"{v:.9g}") for v in x.detach().flatten().tolist()]


def leaf(*shape):
    return torch.randn(*shape).float().double().requires_grad_()  # exactly float32, as the test reads it


def told(name, loss, a, b, **more):
    loss.backward()
    return {"name": name, "a": numbers(a), "b": numbers(b), "loss": loss.item(), "da": numbers(a.grad), "db": numbers(b.grad), **more}


def contrastive(negatives, temperature, rows=5):
    a, b = leaf(rows, D), leaf(rows * (1 + negatives), D)
    loss = MultipleNegativesRankingLoss(None, scale=1 / temperature).compute_loss_from_embeddings([a, *b.split(rows)], None)
    return told("contrastive", loss, a, b, temperature=temperature, masked=[])


def masked_contrastive(temperature=0.1, rows=4):
    a, b = leaf(rows, D), leaf(rows * 3, D)
    masked = [[0, 2], [1, 3], [1, 4], [1, 5], [3, 0], [3, 11], [2, 7]]
    logits = normalize(a, dim=1) @ normalize(b, dim=1).T / temperature
    hidden = torch.zeros_like(logits, dtype=torch.bool)
    for i, j in masked:
        hidden[i, j] = True
    loss = cross_entropy(logits.masked_fill(hidden, -math.inf), torch.arange(rows))
    return told("contrastive", loss, a, b, temperature=temperature, masked=masked)


def score_kl(negatives, temperature, teacher_temperature, rows=4):
    a, b, teacher = leaf(rows, D), leaf(rows * (1 + negatives), D), leaf(rows, 1 + negatives).detach().tanh().float().double()
    module = DistillKLDivLoss(None, similarity_fct=pairwise_cos_sim, student_temperature=temperature, teacher_temperature=teacher_temperature)
    loss = module.compute_loss_from_embeddings([a, *b.split(rows)], teacher) / temperature**2
    return told("score_kl", loss, a, b, temperature=temperature, teacher_temperature=teacher_temperature, teacher=numbers(teacher), masked=[])


def masked_score_kl(temperature=0.2, teacher_temperature=0.3, rows=3):
    a, b, teacher = leaf(rows, D), leaf(rows * 4, D), leaf(rows, 4).detach()
    masked, total = [[0, 2], [2, 1], [2, 3], [1, 1], [1, 2], [1, 3]], 0.0
    for i in range(rows):
        own = [k for k in range(4) if [i, k] not in masked]
        scores = torch.stack([normalize(a[i], dim=0) @ normalize(b[k * rows + i], dim=0) for k in own]) / temperature
        target = torch.log_softmax(teacher[i, own] / teacher_temperature, 0)
        total = total + (target.exp() * (target - torch.log_softmax(scores, 0))).sum() / rows
    return told("score_kl", total, a, b, temperature=temperature, teacher_temperature=teacher_temperature, teacher=numbers(teacher), masked=masked)


print(json.dumps([contrastive(0, 0.05), contrastive(1, 0.05), contrastive(3, 0.5), masked_contrastive(),
                  score_kl(1, 0.05, 0.05), score_kl(3, 0.2, 0.1), masked_score_kl()]))
