#!/usr/bin/env python3
"""Makes adversarial.json: training against a linear discriminator of languages with gradient reversal, a queue of past
vectors and an anchor, computed by PyTorch in float64.

    python make_adversarial.py > adversarial.json     # pip install torch==2.15.0 transformers==5.23.0
"""
import json

import torch
from torch.nn.functional import cross_entropy, normalize

from make_golden import hidden, sentences, xlm_roberta

LANGUAGES = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 0, 1]


class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(ctx, dy):
        return -ctx.factor * dy, None


def run(pivot, adversary, steps=12, rate=1e-3, ratio=20.0, decay=0.05, limit=0.5, lam=0.7, warmup=0.5, queue=15, anchor=0.6):
    student, start = xlm_roberta(2), xlm_roberta(2)
    texts, languages, d = sentences(100, len(LANGUAGES)), torch.tensor(LANGUAGES), 32
    discriminator = torch.nn.Linear(d, 3)
    torch.nn.init.zeros_(discriminator.weight)
    torch.nn.init.zeros_(discriminator.bias)
    importance = len(LANGUAGES) / (3 * torch.bincount(languages).double())
    params = list(student.parameters())
    groups = [{"params": [p for p in params if p.ndim == 2]}, {"params": [p for p in params if p.ndim == 1], "weight_decay": 0.0},
              {"params": [discriminator.weight], "lr": ratio * rate}, {"params": [discriminator.bias], "lr": ratio * rate, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=rate, weight_decay=decay)
    everything = params + list(discriminator.parameters())
    pooled = lambda model, batch: torch.stack([x.mean(0) for x in hidden(model, [texts[i] for i in batch])])
    batches, losses, norms, past = [[(5 * t + 3 * j) % 16 for j in range(6)] for t in range(steps)], [], [], []
    for step, batch in enumerate(batches):
        vectors, y = pooled(student, batch), languages[batch]
        with torch.no_grad():
            anchors = normalize(pooled(start, batch), dim=1)
        x = d ** 0.5 * normalize(vectors, dim=1)
        # the discriminator's mean is over batch and queue; the encoder's, reversed, over the batch
        every, label = [x.detach()] + [v for v, _ in past], torch.cat([y] + [torch.tensor([l]) for _, l in past])
        entropies = importance[label] * cross_entropy(discriminator(torch.cat(every)), label, reduction="none")
        factor = lam * min(1.0, step / (warmup * steps))
        guess = lambda x: torch.nn.functional.linear(x, discriminator.weight.detach(), discriminator.bias.detach())
        frozen = guess(Reverse.apply(x, factor))
        own = (importance[y] * cross_entropy(frozen, y, reduction="none")).mean()
        confusion = (importance[y] * -guess(x).log_softmax(1).mean(1)).mean()
        near = ((normalize(vectors, dim=1) - anchors) ** 2).sum(1)
        distance = near[(y == pivot) | (pivot < 0)].sum() / len(batch)
        optimizer.zero_grad()
        (entropies.mean() + (own if adversary == "reversal" else factor * confusion) + anchor * distance).backward()
        accuracy = (frozen.argmax(1) == y).double().mean()
        losses.append([own.item(), distance.item(), accuracy.item()])
        norms.append(torch.nn.utils.clip_grad_norm_(everything, limit).item())
        optimizer.step()
        past = (past + [(v[None], l) for v, l in zip(x.detach(), y.tolist())])[-queue:]
    return {"pivot": pivot, "adversary": adversary, "rate": rate, "ratio": ratio, "decay": decay, "limit": limit, "lambda": lam, "warmup": warmup, "queue": queue,
            "anchor": anchor, "texts": texts, "languages": LANGUAGES, "batches": batches, "losses": losses, "norms": norms,
            "lengths": [p.norm().item() for p in params], "weights": [round(w, 9) for w in discriminator.weight.flatten().tolist()]}


names = [n for n, _ in xlm_roberta(2).named_parameters()]
print(json.dumps({"format": "ferry adversarial golden 1", "made_by": "python make_adversarial.py > adversarial.json",
                  "torch": torch.__version__.split("+")[0], "names": names, "runs": [run(-1, "reversal"), run(1, "confusion")]}))
