"""Opens what projected.yaml wrote with sentence-transformers:

    python check_projected.py OUT    # the folder that projected.yaml wrote

Its vectors must be those that ferry made with the student, to 1e-5, and the module Dense must lead from its token vectors
to ferry's, which are written in 16 bits.
"""
import json
import pathlib
import sys

import numpy
import pyarrow.parquet
import torch
from sentence_transformers import SentenceTransformer

out = pathlib.Path(sys.argv[1])
model = SentenceTransformer(str(out / "student"), device="cpu")
assert [type(m).__name__ for m in model] == ["Transformer", "Pooling", "Dense", "Normalize"], model
lines = (pathlib.Path(__file__).parent / "sentences.jsonl").open(encoding="utf-8")
texts = [json.loads(line)["text"] for line in lines]

ours = numpy.stack(pyarrow.parquet.read_table(out / "vectors.parquet")["vector"].to_numpy())
difference = numpy.abs(ours - model.encode(texts)).max()
assert difference < 1e-5, f"vectors differ by {difference}"

tokens, worst = pyarrow.parquet.read_table(out / "token_vectors.parquet"), 0.0
for text, rows in zip(texts, tokens["vectors"].to_pylist()):
    with torch.no_grad():
        hidden = model.encode(text, output_value="token_embeddings")
        theirs = torch.nn.functional.normalize(model[2].linear(hidden), dim=1).numpy()
    worst = max(worst, numpy.abs(numpy.array(rows, dtype=numpy.float32) - theirs).max())
assert worst < 1e-3, f"token vectors differ by {worst}"
print(f"vectors differ by {difference:.1e}, token vectors in 16 bits by {worst:.1e}")
