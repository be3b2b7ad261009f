#!/usr/bin/env python3
"""Makes adapters.json: training with LoRA and linear bottleneck adapters, computed by PyTorch in float64 as modules beside
the frozen linear layers, which is how PEFT and adapters run them.

    python make_adapters.py > adapters.json     # pip install torch==2.15.0 transformers==5.23.0
"""
import json

import torch
from torch.nn.functional import normalize

from make_golden import draws, hidden, sentences, xlm_roberta

RANK, ALPHA = 3, 6.0


class Adapted(torch.nn.Module):
    def __init__(self, linear, kind, seed):
        super().__init__()
        self.linear, self.kind = linear, kind
        columns = linear.in_features if kind == "lora" else linear.out_features
        tensor = lambda seed, *shape: torch.nn.Parameter(0.25 * torch.tensor(draws(seed, shape[0] * shape[1])).float().double().reshape(shape))
        self.down, self.up = tensor(seed, RANK, columns), tensor(seed + 1, linear.out_features, RANK)

    def forward(self, x):
        h = self.linear(x)
        return h + ALPHA / RANK * (x if self.kind == "lora" else h) @ self.down.T @ self.up.T

    def merged(self):
        w, b, low = self.linear.weight, self.linear.bias, ALPHA / RANK * self.up @ self.down
        return (w + low, b) if self.kind == "lora" else (w + low @ w, b + low @ b)


def places(layer, names):
    where = {"query": (layer.attention.self, "query"), "key": (layer.attention.self, "key"), "value": (layer.attention.self, "value"),
             "attention_output": (layer.attention.output, "dense"), "intermediate": (layer.intermediate, "dense"), "output": (layer.output, "dense")}
    return [place for name, place in where.items() if name in names]


def run(kind, targets, steps=12, rate=5e-3, decay=0.05, limit=0.5, samples=16):
    teacher, student = xlm_roberta(1), xlm_roberta(2)
    student.requires_grad_(False)
    adapters = []
    for layer in student.encoder.layer:
        for parent, name in places(layer, targets):
            adapters.append(Adapted(getattr(parent, name), kind, 7000 + 2 * len(adapters)))
            setattr(parent, name, adapters[-1])
    texts = sentences(100, samples)
    pooled = lambda model, texts: normalize(torch.stack([x.mean(0) for x in hidden(model, texts)]), dim=1)
    with torch.no_grad():
        taught = pooled(teacher, texts)
    params = [p for a in adapters for p in (a.down, a.up)]
    optimizer = torch.optim.AdamW(params, lr=rate, weight_decay=decay)
    batches = [[(5 * t + 3 * j) % samples for j in range(6)] for t in range(steps)]
    losses, norms = [], []
    for batch in batches:
        loss = ((pooled(student, [texts[i] for i in batch]) - taught[batch]) ** 2).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        norms.append(torch.nn.utils.clip_grad_norm_(params, limit).item())
        optimizer.step()
    with torch.no_grad():
        small = [[round(x, 9) for x in p.flatten().tolist()] for p in params]
        merged = [[x.norm().item() for x in a.merged()] for a in adapters]
    return {"kind": kind, "targets": targets, "rank": RANK, "alpha": ALPHA, "rate": rate, "decay": decay, "limit": limit, "texts": texts,
            "batches": batches, "losses": losses, "norms": norms, "small": small, "merged": merged}


names = [n for n, _ in xlm_roberta(1).named_parameters()]
print(json.dumps({"format": "ferry adapters golden 1", "made_by": "python make_adapters.py > adapters.json", "torch": torch.__version__.split("+")[0],
                  "names": names, "runs": [run("lora", ["query", "value"]), run("lora", ["key", "attention_output", "intermediate", "output"]),
                                           run("bottleneck", ["attention_output", "output"]), run("bottleneck", ["value", "intermediate"])]}))
