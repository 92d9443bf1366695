#!/usr/bin/env python3
"""Prints the floating-point operations that PyTorch counts, for crates/autograd/tests/flops.rs: those of a run, and those of its backward
pass; and those of whole models, for crates/nn/src/seeing/summary/tests.rs.

    pip install torch
    python3 scripts/flops_reference.py
"""

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode


def count(name, f, *shapes):
    x = [torch.randn(shape, requires_grad=True) for shape in shapes]
    with FlopCounterMode(display=False) as forward:
        y = f(*x)
    with FlopCounterMode(display=False) as backward:
        y.sum().backward()
    print(f'("{name}", {forward.get_total_flops()}, {backward.get_total_flops()}),')


# Attention by one operation, as cotangent has it: the default on the CPU would be counted as its parts.
flash = lambda q, k, v: torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v)[0]

count("matmul", torch.matmul, (5, 7), (7, 11))
count("batched", torch.matmul, (3, 2, 5, 7), (3, 2, 7, 11))
count("conv1d", lambda x, w: F.conv1d(x, w, stride=2, padding=1), (2, 4, 15), (6, 4, 3))
count("conv2d", lambda x, w: F.conv2d(x, w, stride=2, padding=1), (2, 4, 9, 8), (6, 4, 3, 2))
count("groups", lambda x, w: F.conv2d(x, w, groups=2, dilation=2), (2, 4, 9, 8), (6, 2, 3, 2))
count("conv3d", lambda x, w: F.conv3d(x, w), (1, 2, 5, 4, 6), (3, 2, 2, 2, 3))
count("transposed", lambda x, w: F.conv_transpose2d(x, w, stride=2), (2, 4, 5, 6), (4, 3, 3, 2))
count("attention", flash, (2, 3, 7, 4), (2, 3, 5, 4), (2, 3, 5, 4))


def count_model(name, model, x):
    with FlopCounterMode(display=False) as counter:
        model(x)
    print(f"{name}: {counter.get_total_flops()}")


# For crates/nn/src/seeing/summary/tests.rs. In training mode, since the fused path of evaluation is one operation that is not counted.
nn = torch.nn
count_model(
    "conv net",
    nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.Flatten(), nn.Linear(1024, 10)),
    torch.randn(4, 1, 28, 28),
)
count_model("transformer layer", nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0), torch.randn(10, 2, 32))
