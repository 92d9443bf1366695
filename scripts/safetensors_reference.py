#!/usr/bin/env python3
"""Writes a model of PyTorch's with inputs and outputs, for the tests in crates/nn/src/files; and reads a file of ours.

    pip install torch safetensors numpy
    python3 scripts/safetensors_reference.py                # writes crates/nn/src/files/tests/mlp.safetensors
    python3 scripts/safetensors_reference.py FILE           # prints what is in a file

The model computes tanh(x W₁ᵀ + b₁) W₂ᵀ + b₂; its tensors are `model.hidden.weight` and so on, x and y lie beside it.
"""

import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

FILE = Path(__file__).parent.parent / "crates/nn/src/files/tests/mlp.safetensors"


class Mlp(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = torch.nn.Linear(3, 4)
        self.output = torch.nn.Linear(4, 2)
        self.register_buffer("seen", torch.tensor(12))

    def forward(self, x):
        return self.output(torch.tanh(self.hidden(x)))


def write():
    torch.manual_seed(7)
    model, x = Mlp(), torch.randn(5, 3)
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {"x": x, "y": model(x).detach()}
    # Of dtypes that we read into wider ones.
    numbers = torch.tensor([1.0, -2.5, 65504.0, 6e-8, float("inf")])
    tensors |= {"wide.f16": numbers.half(), "wide.bf16": numbers.bfloat16(), "wide.i32": torch.tensor([-7, 9], dtype=torch.int32)}
    save_file(tensors, FILE, metadata={"format": "pt", "note": "tanh between"})
    for name in ("wide.f16", "wide.bf16"):
        print(name, tensors[name].float().tolist())


def read(path):
    with safe_open(path, framework="pt") as file:
        print("metadata", file.metadata())
        for name in file.keys():
            tensor = file.get_tensor(name)
            print(name, tensor.dtype, list(tensor.shape), tensor.flatten()[:4].tolist())


if len(sys.argv) > 1:
    read(sys.argv[1])
else:
    write()
