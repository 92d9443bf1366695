"""How long PyTorch takes to answer one question: batch 1, `torch.inference_mode()`, the networks of yardstick_losses.py.

    THREADS=2 python scripts/latency_reference.py [latency_CASE ...]
    THREADS=2 cargo bench -q --bench yardstick -- latency_CASE ...

Reads THREADS and SECS (seconds for each case) and prints lines as the yardstick does.
"""

import os
import sys
import time

import torch
from yardstick_losses import CASES

MODELS = ["mlp", "lenet", "cnn", "resnet", "gpt", "lstm"]


def measure(call, seconds):
    """The times of many calls, in order of length: as benches/yardstick/timing.rs."""
    for _ in range(3):
        call()
    times, start = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - start < seconds:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return sorted(times)


def main(*cases):
    torch.set_num_threads(int(os.environ.get("THREADS", 2)))
    for case in cases or [f"latency_{model}" for model in MODELS]:
        torch.manual_seed(0)
        model, (x, _) = CASES[case.removeprefix("latency_")]()
        model.eval()
        with torch.inference_mode():
            x = x[:1].clone()
            times = measure(lambda: model(x), float(os.environ.get("SECS", 3)))
        median, least = (seconds * 1e6 for seconds in (times[len(times) // 2], times[0]))
        print(f"torch {case} us={median:.2f} min_us={least:.2f} n={len(times)}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
