"""Opens model folders with transformers' AutoModel, and as the class that config.json names, and prints as JSON what it
found: {folder: {"hidden": [...], "missing": [...], "unexpected": [...], "tensors": {name: SHA-256 of its bytes}}}; hidden
is that of the ids 7 8 9."""
import hashlib
import json
import sys

import torch
import transformers

result = {}
for folder in sys.argv[1:]:
    model = transformers.AutoModel.from_pretrained(folder, torch_dtype=torch.float32).eval()
    with torch.no_grad():
        hidden = model(input_ids=torch.tensor([[7, 8, 9]])).last_hidden_state
    config = transformers.AutoConfig.from_pretrained(folder)
    named = getattr(transformers, (config.architectures or [type(model).__name__])[0])
    opened, info = named.from_pretrained(folder, torch_dtype=torch.float32, output_loading_info=True)
    tensors = {k: hashlib.sha256(v.numpy().tobytes()).hexdigest() for k, v in opened.state_dict().items()}
    result[folder] = {"hidden": hidden.flatten().tolist(), "missing": sorted(info["missing_keys"]),
                      "unexpected": sorted(info["unexpected_keys"]), "tensors": tensors}
print(json.dumps(result))
