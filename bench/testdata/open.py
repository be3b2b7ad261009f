"""Opens the model folder given with transformers, embeds the lines of standard input as one batch (mean of the tokens,
scaled to length 1) and prints the first vector as JSON. The time of the whole process is what counts."""
import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from transformers import AutoModel, AutoTokenizer

model, tokenizer = AutoModel.from_pretrained(sys.argv[1]), AutoTokenizer.from_pretrained(sys.argv[1])
batch = tokenizer(sys.stdin.read().splitlines(), padding=True, return_tensors="pt")
with torch.inference_mode():
    hidden = model.eval()(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    vectors = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1))
print(json.dumps(vectors[0].tolist()))
