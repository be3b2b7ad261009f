#!/usr/bin/env python3
"""Makes mlm.json: masked language modelling by transformers' own models, with gradients, computed by PyTorch in float64.

    python make_mlm.py > mlm.json     # pip install torch==2.15.0 transformers==5.23.0 safetensors
"""
import json
import pathlib

import torch
from torch.nn.functional import cross_entropy
from transformers import AutoConfig, AutoModelForMaskedLM

torch.set_default_dtype(torch.float64)
MODELS = pathlib.Path(__file__).parent / "../../encoder/testdata"
MASK = 99
TEXTS = [[3, 5, 17, 8, 5, 2], [3, 33, 34, 2], [3, 60, 5, 61, 62, 8, 70, 71, 2], [3, 17, 2], [3, 8, 33, 90, 2]]
MASKED = [[2, 3], [1], [1, 2, 6, 7], [1], [3]]  # places; the ids that stand there are the vocabulary of the run
# 0 and 1 are the padding of the two types: PyTorch gives their embeddings no gradient


def numbers(x):
    return [float(f"{v:.9g}") for v in x.detach().flatten().tolist()]


def open_model(name):
    from safetensors.torch import load_file
    config = AutoConfig.for_model(**json.loads((MODELS / f"{name}.config.json").read_text()))
    config._attn_implementation = "eager"
    model = AutoModelForMaskedLM.from_config(config)
    model.load_state_dict({k: v.double() for k, v in load_file(MODELS / f"{name}.safetensors").items()}, strict=False)
    model.tie_weights()
    return model.double().eval()


def head_of(model):
    """The head's dense layer, normalisation and bias."""
    if hasattr(model, "lm_head"):
        return model.lm_head.dense, model.lm_head.layer_norm, model.lm_head.bias
    predictions = model.cls.predictions
    return predictions.transform.dense, predictions.transform.LayerNorm, predictions.bias


def case(name, headless):
    model = open_model(name)
    dense, norm, bias = head_of(model)
    places = [(i, p) for i, masked in enumerate(MASKED) for p in masked]
    targets = [TEXTS[i][p] for i, p in places]
    vocabulary = sorted(set(targets))
    if headless:  # what a run begins with that finds no head
        with torch.no_grad():
            dense.weight.copy_(torch.eye(dense.weight.shape[0]))
            dense.bias.zero_(), norm.weight.fill_(1), norm.bias.zero_(), bias.zero_()
            for id in vocabulary:
                bias[id] = torch.tensor(targets.count(id) / len(targets)).log()
    ids = torch.full((len(TEXTS), max(map(len, TEXTS))), 1)
    for i, text in enumerate(TEXTS):
        ids[i, :len(text)] = torch.tensor(text)
    attention = (torch.arange(ids.shape[1]) < torch.tensor([[len(t)] for t in TEXTS])).long()
    for i, p in places:
        ids[i, p] = MASK
    # RoBERTa's positions are those of tokens other than the padding, 1, which stands in no text.
    logits = model(input_ids=ids, attention_mask=attention).logits
    logits = torch.stack([logits[i, p] for i, p in places])[:, vocabulary]
    labels = torch.tensor([vocabulary.index(t) for t in targets])
    loss = cross_entropy(logits, labels)
    loss.backward()
    prefix = "roberta." if hasattr(model, "roberta") else "bert."
    norms = {n[len(prefix):]: p.grad.norm().item() for n, p in model.named_parameters() if n.startswith(prefix) and p.grad is not None}
    words = next(p.grad for n, p in model.named_parameters() if n.endswith("word_embeddings.weight"))
    return {"model": name, "headless": headless, "loss": loss.item(), "accuracy": (logits.argmax(1) == labels).double().mean().item(),
            "dense": numbers(dense.weight.grad), "dense_bias": numbers(dense.bias.grad), "norm": numbers(norm.weight.grad),
            "norm_bias": numbers(norm.bias.grad), "bias": numbers(bias.grad[vocabulary]), "words": numbers(words), "norms": norms}


cases = [case(name, headless) for name in ("roberta-mlm-f16", "bert-mlm-bf16") for headless in (False, True)]
print(json.dumps({"format": "ferry mlm golden 1", "made_by": "python make_mlm.py > mlm.json", "torch": torch.__version__.split("+")[0],
                  "mask": MASK, "texts": TEXTS, "masked": MASKED, "cases": cases}))
