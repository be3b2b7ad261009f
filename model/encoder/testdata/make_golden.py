"""Makes the golden tensors of the encoder's tests with transformers and torch:

    python make_golden.py                  # tiny models: <name>.config.json, <name>.safetensors, <name>.golden.safetensors
    python make_golden.py --models MODELS  # the real models in that folder: real.json

The tiny models have random weights that are larger than fresh ones, so that attention is far from uniform. What is
expected of them is computed in float64: the hidden states of a padded batch with its mask, and the gradients of
sum(hidden * upstream). Made with torch 2.15.0 and transformers 5.23.0.
"""
import argparse
import json
import pathlib

import torch
from safetensors.torch import save_file
from transformers import AutoModel, AutoTokenizer, BertConfig, BertForMaskedLM, BertModel, RobertaConfig
from transformers import RobertaForMaskedLM, XLMRobertaConfig, XLMRobertaModel

HERE = pathlib.Path(__file__).parent
LENGTHS = [5, 1, 17, 9]
SIZES = dict(vocab_size=100, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
             hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)


def tiny(name, model, dtype=torch.float32):
    """Writes one model and what it gives. Heads, if it has any, take no part."""
    generator = torch.Generator().manual_seed(len(name))
    for parameter_name, p in model.named_parameters():
        noise = torch.randn(p.shape, generator=generator)
        is_norm = parameter_name.endswith("LayerNorm.weight")
        p.data = (1 + 0.2 * noise if is_norm else 0.25 * noise).to(dtype).float()
    state = {k: v.detach().to(dtype).contiguous() for k, v in model.state_dict().items() if "decoder" not in k}
    save_file(state, HERE / f"{name}.safetensors", metadata={"format": "pt"})
    model.config.architectures = [type(model).__name__]
    (HERE / f"{name}.config.json").write_text(model.config.to_json_string(use_diff=False))

    base = model.base_model.double().eval()
    padding = model.config.pad_token_id
    ids = torch.full((len(LENGTHS), max(LENGTHS)), padding)
    mask = torch.zeros_like(ids)
    for i, n in enumerate(LENGTHS):
        ids[i, :n] = torch.randint(2, SIZES["vocab_size"], (n,), generator=generator)
        mask[i, :n] = 1
    ids[2, 3] = ids[2, 4] = ids[0, 0]  # a word twice in a sequence and in another one
    hidden = base(input_ids=ids, attention_mask=mask).last_hidden_state
    upstream = torch.randn(hidden.shape, generator=generator, dtype=torch.float64)
    kept = mask.bool()
    (hidden * upstream)[kept].sum().backward()
    golden = {
        "ids": ids[kept].float(),
        "lengths": torch.tensor(LENGTHS).float(),
        "hidden": hidden[kept].detach().float(),
        "upstream": upstream[kept].float(),
    }
    for k, p in base.named_parameters():
        if not k.startswith("pooler"):
            golden["gradient." + k] = p.grad.float()
    save_file(golden, HERE / f"{name}.golden.safetensors")


def real(folder):
    """Writes token ids of a few sentences, and per token the first four hidden values and the norm."""
    texts = ["query: Where is the nearest bus stop?", "query: नज़दीकी बस अड्डा कहाँ है?", "passage: Kituo cha basi kiko wapi?",
             "query: " + "The quick brown fox jumps over the lazy dog. " * 9, "a"]
    result = {}
    for path in sorted(pathlib.Path(folder).iterdir()):
        tokenizer, model = AutoTokenizer.from_pretrained(path), AutoModel.from_pretrained(path).eval()
        result[path.name] = []
        for text in texts:
            ids = tokenizer(text)["input_ids"]
            with torch.no_grad():
                hidden = model(input_ids=torch.tensor([ids])).last_hidden_state[0].double()
            result[path.name].append({
                "ids": ids,
                "first": [[round(x, 6) for x in row[:4].tolist()] for row in hidden],
                "norms": [round(x, 6) for x in hidden.norm(dim=1).tolist()],
            })
    lines = json.dumps(result, indent=0, separators=(",", ":")).replace(",\n", ",").replace("{\n", "{").replace("[\n", "[")
    (HERE / "real.json").write_text(lines.replace("\n]", "]").replace("\n}", "}") + "\n")


arguments = argparse.ArgumentParser()
arguments.add_argument("--models")
models = arguments.parse_args().models
if models:
    real(models)
else:
    tiny("bert", BertModel(BertConfig(**SIZES, max_position_embeddings=24)))
    tiny("bert-mlm-bf16", BertForMaskedLM(BertConfig(**SIZES, max_position_embeddings=24)), torch.bfloat16)
    tiny("roberta-mlm-f16", RobertaForMaskedLM(RobertaConfig(**SIZES, max_position_embeddings=26, type_vocab_size=1)), torch.float16)
    tiny("xlm-roberta", XLMRobertaModel(XLMRobertaConfig(**SIZES, max_position_embeddings=26, type_vocab_size=1, layer_norm_eps=1e-5),
                                        add_pooling_layer=False))
