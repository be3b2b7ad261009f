#!/usr/bin/env python3
"""Makes distil.json: Procrustes projections by SciPy; the loss pooled_cosine and weights of teachers by PyTorch in float64.

    python make_distil_golden.py > distil.json     # pip install torch==2.15.0 scipy==1.17.1
"""
import json

import numpy
import scipy.linalg
import torch
from torch.nn.functional import cosine_similarity, normalize

torch.set_default_dtype(torch.float64)
torch.manual_seed(20240302)
random = numpy.random.default_rng(20240302)
D = 6


def numbers(x):
    return [float(f"{v:.9g}") for v in numpy.asarray(x).flatten().tolist()]


def leaf(*shape):
    return torch.randn(*shape).float().double().requires_grad_()  # exactly float32, as the test reads it


def procrustes(rows, width):
    """scipy.linalg.orthogonal_procrustes on what is left once means are off; the scale is that of least squares."""
    source = random.normal(size=(rows, width)) + 3
    target = source @ random.normal(size=(width, width)) + random.normal(size=(rows, width)) - 1
    a, b = source - source.mean(0), target - target.mean(0)
    rotation, moved = scipy.linalg.orthogonal_procrustes(a, b)
    weight = (moved / (a**2).sum()) * rotation.T
    return {"rows": rows, "outputs": width, "inputs": width, "to": target.flatten().tolist(), "from": source.flatten().tolist(),
            "weight": numbers(weight), "bias": numbers(target.mean(0) - weight @ source.mean(0))}


def pooled_cosine():
    s, t = leaf(4, D), leaf(4, D)
    loss = (1 - cosine_similarity(s, t)).sum()
    loss.backward()
    return {"student": numbers(s.detach()), "teacher": numbers(t.detach()), "loss": loss.item(), "gradient": numbers(s.grad)}


def trust(temperature, teachers=3, n=5):
    """Weights of teachers, a row a text: 1 / the perplexity of softmax(cos / temperature) over the batch, to sum 1."""
    vectors = [leaf(n, D).detach() for _ in range(teachers)]
    similarities = [normalize(v, dim=1) @ normalize(v, dim=1).T for v in vectors]
    entropy = torch.stack([torch.distributions.Categorical(logits=s / temperature).entropy() for s in similarities], 1)
    return {"temperature": temperature, "vectors": [numbers(v) for v in vectors], "weights": numbers(torch.softmax(-entropy, 1))}


print(json.dumps({"format": "ferry distil golden 1", "made_by": "python make_distil_golden.py > distil.json", "torch": torch.__version__.split("+")[0],
                  "scipy": scipy.__version__, "procrustes": [procrustes(40, 5), procrustes(12, 9)], "pooled_cosine": pooled_cosine(),
                  "trust": [trust(0.05), trust(1.0)]}))
