#!/usr/bin/env python3
"""Trains the network of examples/fashion.rs in PyTorch: the same layers, optimizer, schedule, batches and augmentation.

    pip install torch numpy
    python3 scripts/fashion_reference.py --threads 2

It prints what the example prints, so that seconds and accuracies can be put side by side. Random numbers are PyTorch's own, so that the
two runs differ as two seeds do.
"""

import argparse
import gzip
import pathlib
import time

import numpy as np
import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--data", type=pathlib.Path, default="/usr/share/datasets/fashion-mnist")
parser.add_argument("--epochs", type=int, default=8)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()

torch.manual_seed(args.seed)
torch.set_num_threads(args.threads)
BATCH = 128
PEAK_RATE = 0.003


def idx(name, header):
    with gzip.open(args.data / name) as file:
        return torch.from_numpy(np.frombuffer(file.read(), np.uint8, offset=header).copy())


def part(name):
    images = idx(f"{name}-images-idx3-ubyte.gz", 16).view(-1, 1, 28, 28)
    return images, idx(f"{name}-labels-idx1-ubyte.gz", 8).long()


def varied(images):
    """Half of the images in a mirror."""
    return torch.where(torch.rand(len(images), 1, 1, 1) < 0.5, images.flip(-1), images)


(train_x, train_y), (test_x, test_y) = part("train"), part("t10k")


def normalised(images):
    return (images.float() - 0.286 * 255) / (0.353 * 255)


def block(inputs, outputs):
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]


model = nn.Sequential(*block(1, 32), *block(32, 64), *block(64, 128), nn.Flatten(), nn.Dropout(0.3), nn.Linear(128 * 9, 10))
print(sum(p.numel() for p in model.parameters()), "parameters")
batches = -(-len(train_x) // BATCH)
adam = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
schedule = torch.optim.lr_scheduler.OneCycleLR(adam, PEAK_RATE, epochs=args.epochs, steps_per_epoch=batches, cycle_momentum=False)

start = time.perf_counter()
for epoch in range(args.epochs):
    model.train()
    order = torch.randperm(len(train_x))
    loss_sum, hits = 0.0, 0
    for places in order.split(BATCH):
        x, y = normalised(varied(train_x[places])), train_y[places]
        scores = model(x)
        loss = nn.functional.cross_entropy(scores, y)
        adam.zero_grad()
        loss.backward()
        adam.step()
        schedule.step()
        loss_sum += loss.item() * len(y)
        hits += (scores.argmax(1) == y).sum().item()
    print(f"epoch {epoch + 1}: loss {loss_sum / len(train_x):.4f}, {hits / len(train_x):.4f} right, "
          f"{time.perf_counter() - start:.1f} s", flush=True)
seconds = time.perf_counter() - start

model.eval()
with torch.no_grad():
    right = sum((model(normalised(x)).argmax(1) == y).sum().item() for x, y in zip(test_x.split(250), test_y.split(250)))
print(f"result: test_accuracy={right / len(test_y):.4f} seconds={seconds:.1f} epochs={args.epochs}")
