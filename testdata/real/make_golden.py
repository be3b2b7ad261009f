"""Makes what the real models make of our own sentences, with transformers and torch:

    python make_golden.py MODELS    # embeddings.safetensors, a tensor (sentences, hidden) by the name of each model

MODELS is the folder that holds multilingual-e5-small and all-minilm-l6-v2. Each sentence goes through the model alone;
its vector is the mean of the last hidden states over all tokens, scaled to length 1, computed in float64. Made with
torch 2.15.0 and transformers 5.23.0.
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoModel, AutoTokenizer

HERE = pathlib.Path(__file__).parent
PREFIXES = {"multilingual-e5-small": "query: ", "all-minilm-l6-v2": ""}


def embed(folder, prefix, texts):
    """Returns the texts' vectors, (texts, hidden)."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).double().eval()
    rows = []
    for text in texts:
        with torch.inference_mode():
            hidden = model(**tokenizer(prefix + text, return_tensors="pt")).last_hidden_state[0]
        rows.append(torch.nn.functional.normalize(hidden.mean(0), dim=0))
    return torch.stack(rows).float()


if __name__ == "__main__":
    texts = [json.loads(line)["text"] for line in (HERE / "sentences.jsonl").open(encoding="utf-8")]
    models = pathlib.Path(sys.argv[1])
    save_file({name: embed(models / name, prefix, texts) for name, prefix in PREFIXES.items()}, HERE / "embeddings.safetensors")
