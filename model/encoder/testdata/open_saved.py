"""Opens model folders with transformers' AutoModel, and as the class that config.json names, and prints as JSON what it
found: {folder: {"hidden": [...], "missing": [...], "unexpected": [...]}}; hidden is that of the ids 7 8 9."""
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
    _, info = named.from_pretrained(folder, output_loading_info=True)
    result[folder] = {"hidden": hidden.flatten().tolist(), "missing": sorted(info["missing_keys"]),
                      "unexpected": sorted(info["unexpected_keys"])}
print(json.dumps(result))
