"""Writes golden.json, what PyTorch and NumPy compute in float64 for the tests of package kernel.

Run here: python3 golden.py > golden.json   (made with torch 2.15.0, numpy 2.4.6, seed 7)
"""
import json

import numpy as np
import torch

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)


def single(*shape, scale=1.0):
    """Normal numbers that float32 holds exactly, so that both sides start from the same input."""
    return (torch.randn(*shape) * scale).float().double()


def flat(t):
    return [float(f"{v:.12g}") for v in t.detach().flatten().tolist()]


out = {}

x = torch.cat([single(60, scale=2.5), torch.tensor([0.0, -8.0, 8.0, -1e-3])]).requires_grad_()
dy = single(64)
y = torch.nn.functional.gelu(x)
y.backward(dy)
out["gelu"] = {"x": x.tolist(), "dy": dy.tolist(), "y": flat(y), "dx": flat(x.grad)}

x = single(37, scale=4)
out["softmax"] = {"x": x.tolist(), "y": flat(torch.softmax(x, 0))}

rows, d = 5, 21
x = (single(rows, d) * 2 + 3).float().double().requires_grad_()
gamma, beta = single(d).requires_grad_(), single(d).requires_grad_()
dy = single(rows, d)
y = torch.nn.functional.layer_norm(x, (d,), gamma, beta, 1e-5)
y.backward(dy)
out["layernorm"] = {
    "x": x.flatten().tolist(), "gamma": gamma.tolist(), "beta": beta.tolist(), "dy": dy.flatten().tolist(),
    "y": flat(y), "dx": flat(x.grad), "dgamma": flat(gamma.grad), "dbeta": flat(beta.grad),
}

w = single(19).requires_grad_()
start, gradients = w.tolist(), []
optimiser = torch.optim.AdamW([w], lr=0.01, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.1)
for _ in range(3):
    w.grad = single(19)
    gradients.append(w.grad.tolist())
    optimiser.step()
out["adamw"] = {"w": start, "gradients": gradients, "y": flat(w)}

rng = np.random.default_rng(7)
x = (rng.standard_normal(150) * 10.0 ** rng.integers(-9, 6, 150)).astype(np.float32)
ties = np.array([1 + 2**-11, 1 + 3 * 2**-11, 2**-25, 3 * 2**-25, 65519.996, 65520, 65504, 2**-14, 2**-24, 0], np.float32)
x = np.concatenate([x, ties, -ties])
with np.errstate(over="ignore"):
    half = x.astype(np.float16)
out["float16"] = {"x": x.tolist(), "bits": half.view(np.uint16).tolist()}

n, heads, d = 11, 2, 20
x, dy = single(n, 3, heads, d, scale=1.5).requires_grad_(), single(n, heads, d)
y = torch.nn.functional.scaled_dot_product_attention(*(x[:, i].transpose(0, 1) for i in range(3))).transpose(0, 1)
y.backward(dy)
out["attention"] = {"x": x.flatten().tolist(), "dy": dy.flatten().tolist(), "y": flat(y), "dx": flat(x.grad)}

print("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in out.items()) + "\n}")
