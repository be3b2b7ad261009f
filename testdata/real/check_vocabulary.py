"""Opens what vocabulary.yaml wrote with transformers:

    python check_vocabulary.py OUT TEXTS MODELS   # the folder that it wrote, its texts, the models that it started from

The tokenizers of the folders, through AutoTokenizer and through the tokenizers library alone, must give the ids that ferry
gave; a trimmed model cuts every text into the same pieces as before and has the same hidden states to the bit; a new piece's
embedding is the mean of those that it replaces, and all other weights are as they were.
"""
import pathlib
import sys

import pyarrow.parquet
import tokenizers
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

out, models = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[3])
texts = ["query: " + line for line in pathlib.Path(sys.argv[2]).read_text(encoding="utf-8").split("\n") if line.strip()]
torch.set_num_threads(1)


def check_ids(name):
    """The tokenizer that transformers makes of the folder, after its ids were compared with ferry's."""
    ferry = pyarrow.parquet.read_table(out / f"{name}_tokens.parquet")["ids"].to_pylist()
    assert len(ferry) == len(texts), f"{len(ferry)} rows for {len(texts)} texts"
    alone = tokenizers.Tokenizer.from_file(str(out / name / "tokenizer.json"))
    alone.no_truncation(), alone.no_padding()
    auto = AutoTokenizer.from_pretrained(out / name)
    for text, ids in zip(texts, ferry):
        assert alone.encode(text).ids == ids, f"{name}: tokenizers differ at {text!r}"
        assert auto(text)["input_ids"] == ids, f"{name}: transformers differ at {text!r}"
    return auto


def weights(folder):
    model, info = AutoModel.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
    wrong = {k: [n for n in v if not n.startswith("pooler.")] for k, v in info.items()}
    assert not any(wrong.values()), wrong
    return model.eval()


for name, start in [("e5_small", "multilingual-e5-small"), ("minilm_small", "all-minilm-l6-v2")]:
    new, old = check_ids(name), AutoTokenizer.from_pretrained(models / start)
    for text in texts:
        assert new.tokenize(text) == old.tokenize(text), f"{name} cuts {text!r} otherwise"
    small, large = weights(out / name), weights(models / start)
    with torch.no_grad():
        for at in range(0, 48, 8):
            one, other = (m(**t(texts[at : at + 8], padding=True, return_tensors="pt")).last_hidden_state for m, t in [(small, new), (large, old)])
            assert torch.equal(one, other), f"{name}: hidden states differ"
    print(f"{name}: {len(new)} of {len(old)} tokens, equal ids, pieces and hidden states")

for name, start in [("e5_more", "multilingual-e5-small"), ("minilm_more", "all-minilm-l6-v2")]:
    new, old = check_ids(name), AutoTokenizer.from_pretrained(models / start)
    after, before = (load_file(f / "model.safetensors") for f in (out / name, models / start))
    key = next(k for k in before if k.endswith("word_embeddings.weight"))
    mine = next(k for k in after if k.endswith("word_embeddings.weight"))
    for row in pyarrow.parquet.read_table(out / f"{name}_added.parquet").to_pylist():
        assert new.convert_tokens_to_ids(row["piece"]) >= len(old), row
        mean = before[key][old.convert_tokens_to_ids(row["pieces"])].float().mean(0)
        assert torch.allclose(after[mine][new.convert_tokens_to_ids(row["piece"])], mean, atol=1e-7), row
    assert torch.equal(after[mine][: len(old)], before[key][: len(old)].float()), "embeddings of pieces changed"
    weights(out / name)
    fewer = sum(len(old.tokenize(t)) for t in texts) - sum(len(new.tokenize(t)) for t in texts)
    assert fewer > 0
    print(f"{name}: {len(new) - len(old)} pieces more, {fewer} tokens fewer")
