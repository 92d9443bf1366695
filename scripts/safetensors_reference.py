#!/usr/bin/env python3
"""Writes models of PyTorch's with inputs and outputs, for the tests in crates/nn/src/files; and reads a file of ours.

    pip install torch safetensors numpy
    python3 scripts/safetensors_reference.py                # writes {mlp,network}.safetensors in crates/nn/src/files/tests
    python3 scripts/safetensors_reference.py FILE           # prints what is in a file, NPZ too

The first model computes tanh(x W₁ᵀ + b₁) W₂ᵀ + b₂; the second has layers of many kinds, in a list, a sequence and one inside the
other. Their tensors are `model.hidden.weight` and so on; x and y lie beside them. Weights are f32; of the second model x and y are f64,
so that y is that of the weights to the last digits.
"""

import sys
from pathlib import Path

import numpy
import torch
from safetensors import safe_open
from safetensors.torch import save_file

FOLDER = Path(__file__).parent.parent / "crates/nn/src/files/tests"


class Mlp(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = torch.nn.Linear(3, 4)
        self.output = torch.nn.Linear(4, 2)
        self.register_buffer("seen", torch.tensor(12))

    def forward(self, x):
        return self.output(torch.tanh(self.hidden(x)))


class Residual(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(4, 4, 3, padding=1)
        self.norm = torch.nn.GroupNorm(2, 4)

    def forward(self, x):
        return x + torch.relu(self.norm(self.conv(x)))


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.features = torch.nn.Sequential(
            torch.nn.Conv2d(1, 4, 3, padding=1, bias=False),
            torch.nn.BatchNorm2d(4),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
        )
        self.blocks = torch.nn.ModuleList([Residual(), Residual()])
        self.lstm = torch.nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True)
        self.embedding = torch.nn.Embedding(5, 6)
        layer = torch.nn.TransformerEncoderLayer(6, 2, dim_feedforward=8, dropout=0.0, batch_first=True)
        self.encoder = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = torch.nn.Linear(6, 3)

    def forward(self, x, kind):
        x = self.features(x)
        for block in self.blocks:
            x = block(x)
        x, _ = self.lstm(x.flatten(2).transpose(1, 2))
        x = self.encoder(x + self.embedding(kind).unsqueeze(1))
        return self.head(x.mean(1))


def write_network():
    torch.manual_seed(8)
    model = Network()
    x, kind = torch.randn(3, 1, 4, 4, dtype=torch.float64), torch.tensor([4, 0, 2])
    # Running statistics and scales that are not those of a new layer.
    model(x.float(), kind)
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if "norm" in name or name == "features.1.weight":
                tensor += 0.1 * torch.randn_like(tensor)
    tensors = {f"model.{name}": tensor.clone() for name, tensor in model.state_dict().items()}
    tensors |= {"x": x, "kind": kind, "y": model.eval().double()(x, kind).detach()}
    save_file(tensors, FOLDER / "network.safetensors", metadata={"format": "pt"})


def write():
    torch.manual_seed(7)
    model, x = Mlp(), torch.randn(5, 3)
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {"x": x, "y": model(x).detach()}
    # Of dtypes that we read into wider ones.
    numbers = torch.tensor([1.0, -2.5, 65504.0, 6e-8, float("inf")])
    tensors |= {"wide.f16": numbers.half(), "wide.bf16": numbers.bfloat16(), "wide.i32": torch.tensor([-7, 9], dtype=torch.int32)}
    save_file(tensors, FOLDER / "mlp.safetensors", metadata={"format": "pt", "note": "tanh between"})
    for name in ("wide.f16", "wide.bf16"):
        print(name, tensors[name].float().tolist())


def read(path):
    if path.endswith(".npz"):
        for name, array in numpy.load(path).items():
            print(name, array.dtype, array.shape, array.flatten()[:4].tolist())
        return
    with safe_open(path, framework="pt") as file:
        print("metadata", file.metadata())
        for name in file.keys():
            tensor = file.get_tensor(name)
            print(name, tensor.dtype, list(tensor.shape), tensor.flatten()[:4].tolist())


if len(sys.argv) > 1:
    read(sys.argv[1])
else:
    write()
    write_network()
