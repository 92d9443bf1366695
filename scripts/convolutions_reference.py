"""The yardstick's convolutions in PyTorch, with the same shapes, in the same line format.

    THREADS=2 python scripts/convolutions_reference.py [CASE ...]
    THREADS=2 cargo bench -q --bench yardstick -- conv_3x3 conv_depthwise_3x3

The least of many times: forward, and with the gradients of the input and of the weight.
"""

import os
import sys
import time

import torch
from torch.nn import functional as F

torch.set_num_threads(int(os.environ.get("THREADS", "2")))

CASES = {
    "first_7x7": ([4, 3, 224, 224], [64, 3, 7, 7], dict(stride=2, padding=3)),
    "patches": ([4, 3, 224, 224], [192, 3, 16, 16], dict(stride=16)),
    "3x3": ([8, 64, 56, 56], [64, 64, 3, 3], dict(padding=1)),
    "3x3_late": ([8, 512, 7, 7], [512, 512, 3, 3], dict(padding=1)),
    "3x3_strided": ([8, 64, 56, 56], [128, 64, 3, 3], dict(stride=2, padding=1)),
    "3x3_dilated": ([8, 64, 28, 28], [64, 64, 3, 3], dict(padding=2, dilation=2)),
    "5x5": ([8, 32, 28, 28], [64, 32, 5, 5], dict(padding=2)),
    "1x1": ([8, 64, 56, 56], [256, 64, 1, 1], dict()),
    "1x1_late": ([8, 1024, 7, 7], [512, 1024, 1, 1], dict()),
    "1x1_strided": ([8, 256, 56, 56], [512, 256, 1, 1], dict(stride=2)),
    "depthwise_3x3": ([8, 128, 56, 56], [128, 1, 3, 3], dict(padding=1, groups=128)),
    "depthwise_strided": ([8, 128, 56, 56], [128, 1, 3, 3], dict(padding=1, stride=2, groups=128)),
    "depthwise_late": ([8, 512, 7, 7], [512, 1, 3, 3], dict(padding=1, groups=512)),
    "depthwise_7x7": ([8, 96, 56, 56], [96, 1, 7, 7], dict(padding=3, groups=96)),
    "grouped": ([8, 128, 56, 56], [128, 4, 3, 3], dict(padding=1, groups=32)),
    "up_4x4": ([8, 128, 16, 16], [128, 64, 4, 4], dict(stride=2, padding=1)),
    "signal": ([16, 64, 1000], [64, 64, 9], dict(padding=4)),
    "volume": ([2, 16, 16, 16, 16], [32, 16, 3, 3, 3], dict(padding=1)),
}


def best(f):
    for _ in range(3):
        f()
    start, least = time.perf_counter(), float("inf")
    while time.perf_counter() - start < 0.4:
        began = time.perf_counter()
        f()
        least = min(least, time.perf_counter() - began)
    return least * 1e6


for case in sys.argv[1:] or CASES:
    name = case.removeprefix("conv_")
    x_shape, w_shape, settings = CASES[name]
    convolve = F.conv_transpose2d if name == "up_4x4" else {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}[len(x_shape)]
    x, w = torch.randn(x_shape), torch.randn(w_shape)
    with torch.no_grad():
        y_bar = torch.randn_like(convolve(x, w, **settings))
        forward = best(lambda: convolve(x, w, **settings))
    x.requires_grad_(), w.requires_grad_()
    everything = best(lambda: torch.autograd.grad(convolve(x, w, **settings), (x, w), y_bar))
    print(f"pytorch conv_{name} us={forward:.1f} with_gradients={everything:.1f}", flush=True)
