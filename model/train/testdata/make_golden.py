#!/usr/bin/env python3
"""Makes golden.json: losses with their gradients, optimiser steps, and a run of training, computed by PyTorch in float64.

    python make_golden.py > golden.json     # pip install torch==2.15.0 transformers==5.23.0
"""
import json
import math

import torch
from torch.nn.functional import cross_entropy, normalize
from transformers import XLMRobertaConfig, XLMRobertaModel

torch.set_default_dtype(torch.float64)
torch.manual_seed(20240301)
D = 6


def numbers(x):
    return [float(f"{v:.9g}") for v in x.detach().flatten().tolist()]


def leaf(*shape):
    return torch.randn(*shape).float().double().requires_grad_()  # exactly float32, as the test reads it


def pooled_mse():
    s, t = leaf(4, D), leaf(4, D)
    loss = ((normalize(s, dim=1) - normalize(t, dim=1)) ** 2).sum()
    loss.backward()
    return {"student": numbers(s), "teacher": numbers(t), "loss": loss.item(), "gradient": numbers(s.grad)}


def contrastive(temperature):
    a, b = leaf(5, D), leaf(5, D)
    with torch.no_grad():
        b[3] = b[1]  # the same text twice: no negatives of each other
    logits = normalize(a, dim=1) @ normalize(b, dim=1).T / temperature
    same = torch.zeros(5, 5, dtype=torch.bool)
    same[1, 3] = same[3, 1] = True
    loss = cross_entropy(logits.masked_fill(same, -math.inf), torch.arange(5))
    loss.backward()
    return {"temperature": temperature, "a": numbers(a), "b": numbers(b), "loss": loss.item(), "da": numbers(a.grad), "db": numbers(b.grad)}


def plan(cost, epsilon, iterations=3000):
    """Sinkhorn with uniform masses on logarithms, to convergence."""
    m, n = cost.shape
    k, f, g = -cost / epsilon, torch.zeros(m), torch.zeros(n)
    for _ in range(iterations):
        f = -math.log(m) - torch.logsumexp(k + g, 1)
        g = -math.log(n) - torch.logsumexp(k + f[:, None], 0)
    return torch.exp(k + f[:, None] + g)


def transport(kind, epsilon=0.1):
    """Two sentences; id 0 and 2 are special and carry no mass. The last student sentence has nothing else, so it keeps all."""
    teacher_ids, student_ids = [[0, 5, 6, 7, 2], [0, 8, 2], [0, 9, 5, 2]], [[0, 11, 12, 2], [0, 13, 14, 15, 16, 2], [0, 2]]
    teacher, student, centre = leaf(12, D), leaf(12, D), leaf(D)
    total, i, j = 0.0, 0, 0
    for t, s in zip(teacher_ids, student_ids):
        content = lambda ids: [k for k, x in enumerate(ids) if x not in (0, 2)] or list(range(len(ids)))
        x = normalize(teacher[i:i + len(t)][content(t)] - centre, dim=1)
        y = normalize(student[j:j + len(s)][content(s)] - centre, dim=1)
        cost = 1 - x @ y.T
        with torch.no_grad():
            if kind == "ot":
                p = plan(cost, epsilon)
            else:
                p = torch.zeros_like(cost).scatter_(1, cost.argmin(1, keepdim=True), 1 / len(x))
        total = total + (p * cost).sum()
        i, j = i + len(t), j + len(s)
    total.backward()
    return {"kind": kind, "epsilon": epsilon, "teacher_ids": teacher_ids, "student_ids": student_ids, "teacher": numbers(teacher),
            "student": numbers(student), "centre": numbers(centre), "loss": total.item(), "gradient": numbers(student.grad)}


# The parameters of a BERT with vocabulary 6, hidden size 4, one layer, feed-forward 8, 5 positions and 2 token types.
SHAPES = [("embeddings.word_embeddings.weight", (6, 4)), ("embeddings.position_embeddings.weight", (5, 4)),
          ("embeddings.token_type_embeddings.weight", (2, 4)), ("embeddings.LayerNorm.weight", (4,)), ("embeddings.LayerNorm.bias", (4,))]
for name, out, inp in (("attention.self.query", 4, 4), ("attention.self.key", 4, 4), ("attention.self.value", 4, 4), ("attention.output.dense", 4, 4),
                       ("attention.output.LayerNorm", 4, 0), ("intermediate.dense", 8, 4), ("output.dense", 4, 8), ("output.LayerNorm", 4, 0)):
    SHAPES += [(f"encoder.layer.0.{name}.weight", (out, inp) if inp else (out,)), (f"encoder.layer.0.{name}.bias", (out,))]


def adamw(steps=20, peak=0.05, warmup=0.2, decay=0.1, limit=5.0):
    """torch's AdamW; weights and gradients by formulas that the test repeats. Rows of words that do not occur have gradient 0."""
    wave = lambda shape, k, t, a: a * torch.cos(0.7 * torch.arange(math.prod(shape)) + 0.3 * k + 0.9 * t).reshape(shape)
    params = [torch.nn.Parameter(wave(shape, k, 0, 0.5)) for k, (_, shape) in enumerate(SHAPES)]
    matrices, vectors = [p for p in params if p.ndim == 2], [p for p in params if p.ndim == 1]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}], lr=peak)
    rate = lambda s: min(1.0, (s + 1) / (warmup * steps), (steps - s) / (steps - warmup * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    rates, norms = [], []
    for t in range(steps):
        for k, p in enumerate(params):
            p.grad = wave(p.shape, k, t + 1, 1 / (1 + t))
        rows = [t % 5, (t + 2) % 5]  # row 5 never occurs
        params[0].grad[[r for r in range(6) if r not in rows]] = 0
        norms.append(torch.nn.utils.clip_grad_norm_(params, limit).item())
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return {"peak": peak, "warmup": warmup, "decay": decay, "limit": limit, "rates": rates, "norms": norms,
            "names": [n for n, _ in SHAPES], "weights": [numbers(p) for p in params]}


def draws(seed, n):
    """Numbers from -1 up to 1: splitmix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    out, state, mask = [], seed, 2**64 - 1
    for _ in range(n):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & mask
        out.append(((z ^ z >> 31) >> 11) / 2**52 - 1)
    return out


def xlm_roberta(seed):
    """A model of XLM-R's type whose weights come out of draws."""
    config = XLMRobertaConfig(vocab_size=40, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, max_position_embeddings=14,
                              type_vocab_size=1, layer_norm_eps=1e-5, hidden_dropout_prob=0, attention_probs_dropout_prob=0, pad_token_id=1)
    config._attn_implementation = "eager"
    model = XLMRobertaModel(config, add_pooling_layer=False)
    with torch.no_grad():
        for k, (name, p) in enumerate(model.named_parameters()):
            x = torch.tensor(draws(1000 * seed + k, p.numel())).reshape(p.shape).float().double() * (0.25 if p.ndim == 2 else 0.125)
            p.copy_((x + (1 if name.endswith("LayerNorm.weight") else 0)).float().double())
    return model


def sentences(seed, n):
    """Sentences of 3 to 10 tokens between <s> = 0 and </s> = 2."""
    lengths = [3 + int(4 * (x + 1)) for x in draws(seed, n)]
    return [[0] + [5 + int(17.5 * (x + 1)) for x in draws(seed + 1 + i, m)] + [2] for i, m in enumerate(lengths)]


def hidden(model, texts):
    ids = torch.full((len(texts), max(map(len, texts))), 1)
    for i, t in enumerate(texts):
        ids[i, :len(t)] = torch.tensor(t)
    out = model(input_ids=ids, attention_mask=(ids != 1).long()).last_hidden_state
    return [out[i, :len(t)] for i, t in enumerate(texts)]


def curve(steps=200, peak=3e-3, warmup=0.1, decay=0.05, limit=1.0, samples=16, weights=(1.0, 0.5, 0.1), epsilon=0.2, temperature=0.2):
    """Distils one model into another: losses ot, pooled_mse and contrastive, AdamW, warm-up, linear decay, clipping."""
    teacher, student = xlm_roberta(1), xlm_roberta(2)
    sources, targets = sentences(100, samples), sentences(300, samples)
    with torch.no_grad():
        taught = hidden(teacher, sources)
    params = list(student.parameters())
    optimizer = torch.optim.AdamW([{"params": [p for p in params if p.ndim == 2], "weight_decay": decay},
                                   {"params": [p for p in params if p.ndim == 1], "weight_decay": 0.0}], lr=peak)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1.0, (s + 1) / (warmup * steps), (steps - s) / (steps - warmup * steps)))
    batches = [[(5 * t + 3 * j) % samples for j in range(6)] for t in range(steps)]
    losses, norms = [], []
    for batch in batches:
        t = [taught[i] for i in batch]
        vectors, total, terms = normalize(torch.stack([x.mean(0) for x in t]), dim=1), 0.0, [0.0, 0.0, 0.0]
        for texts in (sources, targets):
            s = hidden(student, [texts[i] for i in batch])
            v = normalize(torch.stack([x.mean(0) for x in s]), dim=1)
            for x, y in zip(t, s):
                cost = 1 - normalize(x[1:-1], dim=1) @ normalize(y[1:-1], dim=1).T
                with torch.no_grad():
                    p = plan(cost, epsilon, 200)
                terms[0] = terms[0] + (p * cost).sum() / (2 * len(batch))
            terms[1] = terms[1] + ((v - vectors) ** 2).sum() / (2 * len(batch))
            terms[2] = terms[2] + cross_entropy(v @ vectors.T / temperature, torch.arange(len(batch))) / 2
        loss = sum(w * x for w, x in zip(weights, terms))
        optimizer.zero_grad()
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(params, limit).item())
        losses.append([x.item() for x in terms])
        optimizer.step()
        schedule.step()
    return {"peak": peak, "warmup": warmup, "decay": decay, "limit": limit, "weights": weights, "epsilon": epsilon, "temperature": temperature,
            "sources": sources, "targets": targets, "batches": batches, "losses": losses, "norms": norms,
            "names": [n for n, _ in student.named_parameters()], "lengths": [p.norm().item() for p in params]}


if __name__ == "__main__":
    print(json.dumps({"format": "ferry train golden 1", "made_by": "python make_golden.py > golden.json", "torch": torch.__version__.split("+")[0],
                      "pooled_mse": pooled_mse(), "contrastive": [contrastive(0.05), contrastive(1.0)],
                      "transport": [transport("ot"), transport("ot", 0.02), transport("greedy")], "adamw": adamw(), "curve": curve()}))
