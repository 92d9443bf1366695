#!/usr/bin/env python3
"""Prints what PyTorch's optimizers make of three numbers, for the tests in crates/nn/src/optim.

    pip install torch
    python3 scripts/optimizer_reference.py

The numbers start at (0.5, -1, 2) and follow the gradient x³ - (1, -2, 0.5). Each line is a step: its number and x after it.
"""

import torch

STEPS = (1, 2, 5, 20)
CASES = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
    "sgd weight_decay=0.1": lambda p: torch.optim.SGD(p, lr=0.05, weight_decay=0.1),
    "sgd momentum=0.9 dampening=0.5 weight_decay=0.1": lambda p: torch.optim.SGD(
        p, lr=0.05, momentum=0.9, dampening=0.5, weight_decay=0.1
    ),
    "sgd momentum=0.9 nesterov": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.1),
    "adam betas=(0.8, 0.99) eps=0.01 weight_decay=0.1": lambda p: torch.optim.Adam(
        p, lr=0.1, betas=(0.8, 0.99), eps=0.01, weight_decay=0.1
    ),
}

for name, make in CASES.items():
    x = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)
    target = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    optimizer = make([x])
    print(name)
    for step in range(1, max(STEPS) + 1):
        x.grad = x**3 - target
        optimizer.step()
        if step in STEPS:
            print(f"    ({step}, {x.tolist()}),")
