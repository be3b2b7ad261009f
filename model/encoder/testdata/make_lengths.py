"""Makes lengths.golden.safetensors, what transformers gives for tiny models of every type over sequences of 1 to 512 tokens:

    python make_lengths.py                  # models with random weights
    python make_lengths.py --models MODELS  # the real models in that folder: real.golden.safetensors

Nothing random is stored: weights, ids and directions are uniform numbers from splitmix64, which starts from the FNV-1a
hash of a name, so that the tests draw the same ones. Everything is computed in float64. Of every token's last hidden
state there are two projections on random directions, "<model>.hidden"; of the gradient of sum(hidden * upstream) over
the sequences up to 128 tokens there are, for every parameter by name, its norm and two projections,
"<model>.gradients". Of the last layer's attention there is what every token receives, "<model>.received": the sum over
the tokens of their attention, by output_attentions, times random weights, in the mean over the heads. The configurations are the metadata. Made with torch 2.15.0 and transformers 5.23.0.
"""
import argparse
import json
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModel

HERE = pathlib.Path(__file__).parent
LENGTHS = [1, 2, 3, 31, 32, 33, 127, 128, 511, 512]
# name: type, hidden, layers, heads, feed-forward
TINY = {
    "bert": ("bert", 64, 2, 1, 96),  # heads of 64, as BERT and XLM-R have them
    "minilm": ("bert", 64, 6, 2, 128),  # heads of 32, as MiniLM and multilingual-e5-small have them
    "roberta": ("roberta", 60, 2, 3, 100),  # no power of two
    "xlm-roberta-base": ("xlm-roberta", 48, 12, 12, 96),
    "xlm-roberta-large": ("xlm-roberta", 48, 24, 16, 64),
}


def uniform(name, *shape):
    """Numbers from -1 to 1 that depend on the name alone."""
    state = 0xcbf29ce484222325
    for byte in name.encode():
        state = (state ^ byte) * 0x100000001b3 % 2**64
    z = np.uint64(state) + np.arange(1, np.prod(shape, dtype=int) + 1, dtype=np.uint64) * np.uint64(0x9e3779b97f4a7c15)
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xbf58476d1ce4e5b9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94d049bb133111eb)
    z = z ^ z >> np.uint64(31)
    return torch.from_numpy((z >> np.uint64(11)).astype(np.float64) / 2**52 - 1).reshape(shape)


def ids_of(name, vocabulary):
    """Sequences of ids from 4 on, so that none is a special token."""
    draws = uniform(name + ".ids", sum(LENGTHS))
    return ((draws + 1) / 2 * (vocabulary - 4)).long().add(4).split(LENGTHS)


def hidden_of(name, model):
    """Yields the last hidden states of every sequence, run alone."""
    for ids in ids_of(name, model.config.vocab_size):
        yield model(input_ids=ids[None]).last_hidden_state[0]


def projected(name, model):
    directions = uniform(name + ".directions", model.config.hidden_size, 2)
    with torch.no_grad():
        return torch.cat([h @ directions for h in hidden_of(name, model)]).float()


def received(name, model):
    model.set_attn_implementation("eager")  # the others have no attention to give
    weights = uniform(name + ".weights", sum(LENGTHS)).split(LENGTHS)
    with torch.no_grad():
        attentions = [model(input_ids=ids[None], output_attentions=True).attentions[-1][0] for ids in ids_of(name, model.config.vocab_size)]
    return torch.cat([w @ a.mean(0) for w, a in zip(weights, attentions)]).float()


def scale_of(parameter):
    """Attention is sharp, and its output so small that tokens stay different through all layers."""
    return 0.4 if parameter.endswith(("query.weight", "key.weight")) else 0.15


def tiny(name, kind, hidden, layers, heads, feed_forward):
    positions = 512 if kind == "bert" else 514
    config = AutoConfig.for_model(
        kind, vocab_size=100, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=feed_forward, max_position_embeddings=positions, type_vocab_size=2 if kind == "bert" else 1,
        layer_norm_eps=1e-12 if kind == "bert" else 1e-5)
    model = AutoModel.from_config(config, add_pooling_layer=False).double().eval()
    for k, p in model.named_parameters():
        draws = uniform(f"{name}.{k}", *p.shape)
        p.data = (scale_of(k) * draws + k.endswith("LayerNorm.weight")).float().double()
    upstream = uniform(name + ".upstream", sum(n for n in LENGTHS if n <= 128), hidden)
    short = torch.cat([h for h, n in zip(hidden_of(name, model), LENGTHS) if n <= 128])
    (short * upstream).sum().backward()
    gradients = []
    for k, p in sorted(model.named_parameters()):
        directions = uniform(f"{name}.{k}.directions", p.numel(), 2)
        gradients.append([p.grad.norm(), *(p.grad.flatten() @ directions)])
    tensors = {name + ".hidden": projected(name, model), name + ".gradients": torch.tensor(gradients).float()}
    metadata = json.dumps(config.to_dict())
    return metadata, tensors | {name + ".received": received(name, model)}


arguments = argparse.ArgumentParser()
arguments.add_argument("--models", type=pathlib.Path)
models = arguments.parse_args().models
if models:
    save_file({path.name + ".hidden": projected(path.name, AutoModel.from_pretrained(path).double().eval())
               for path in sorted(models.iterdir())}, HERE / "real.golden.safetensors")
else:
    metadata, tensors = {}, {}
    for name, sizes in TINY.items():
        metadata[name], made = tiny(name, *sizes)
        tensors |= made
    save_file(tensors, HERE / "lengths.golden.safetensors", metadata=metadata)
