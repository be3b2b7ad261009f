"""Makes half.safetensors with torch: every 31st bit pattern of float16 and bfloat16, and their values in float32."""
import pathlib

import torch
from safetensors.torch import save_file

bits = torch.cat([torch.arange(0, 65536, 31), torch.tensor([0x7C00, 0xFC00, 0x7F80, 0xFF80, 1, 0x8000])])
bits = (bits - 65536 * (bits >= 32768)).to(torch.int16)
tensors = {}
for name, dtype in (("f16", torch.float16), ("bf16", torch.bfloat16)):
    tensors[name] = bits.clone().view(dtype)
    tensors[name + ".float32"] = tensors[name].float()
save_file(tensors, pathlib.Path(__file__).parent / "half.safetensors")
