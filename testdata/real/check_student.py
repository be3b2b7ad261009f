"""Opens what distil.yaml wrote with transformers:

    python check_student.py OUT START    # the folder that distil.yaml wrote, the model that training started from

AutoModel must find every weight and no other, each as it stands in the file, and most of them trained; and its vectors
must be those that ferry made with the student.
"""
import json
import pathlib
import sys

import numpy
import pyarrow.parquet
import torch
from safetensors.torch import load_file
from transformers import AutoModel

import make_golden

out, start = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
model, info = AutoModel.from_pretrained(out / "student", output_loading_info=True, dtype=torch.float32)
wrong = {k: v for k, v in info.items() if v}
assert not wrong, wrong
state, stored, before = model.state_dict(), load_file(out / "student/model.safetensors"), load_file(start / "model.safetensors")
differing = [name for name in state if not torch.equal(state[name], stored[name])]
assert not differing, f"{differing} are not as in the file"
trained = [name for name in state if not torch.equal(state[name], before[name].float())]
assert len(trained) > len(state) * 3 // 4, f"only {len(trained)} of {len(state)} weights were trained"

texts = [json.loads(line)["text"] for line in (make_golden.HERE / "sentences.jsonl").open(encoding="utf-8")]
ours = numpy.stack(pyarrow.parquet.read_table(out / "vectors.parquet")["vector"].to_numpy())
difference = numpy.abs(ours - make_golden.embed(out / "student", "", texts).numpy()).max()
assert difference < 1e-4, f"vectors differ by {difference}"
print(f"{len(state)} weights are equal, {len(trained)} were trained, vectors differ by {difference:.1e}")
