"""Opens what random.yaml wrote with transformers:

    python check_random.py OUT    # the folder that random.yaml wrote

AutoTokenizer must give the ids of tokenizer.json, batches must pad, and the vectors must be those that ferry made.
"""
import json
import pathlib
import sys

import numpy
import pyarrow.parquet
from tokenizers import Tokenizer
from transformers import AutoTokenizer

import make_golden

out = pathlib.Path(sys.argv[1])
texts = [json.loads(line)["text"] for line in (make_golden.HERE / "sentences.jsonl").open(encoding="utf-8")]
for name in "model", "byte_model":
    auto, exact = AutoTokenizer.from_pretrained(out / name), Tokenizer.from_file(str(out / name / "tokenizer.json"))
    differing = [text for text in texts if auto(text)["input_ids"] != exact.encode(text).ids]
    assert not differing, f"{name}: AutoTokenizer gives other ids for {differing}"
    assert auto(texts, padding=True, return_tensors="np")["input_ids"].shape[0] == len(texts)
    ours = numpy.stack(pyarrow.parquet.read_table(out / f"{name}.parquet")["vector"].to_numpy())
    difference = numpy.abs(ours - make_golden.embed(out / name, "", texts).numpy()).max()
    assert difference < 1e-4, f"{name}: vectors differ by {difference}"
    print(f"{name}: vectors differ by {difference:.1e}")
